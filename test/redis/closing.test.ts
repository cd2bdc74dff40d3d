// A client that is closed in the middle of opening its connection: nothing of it stays, or a process that stops would never end.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { closeRedis, connectRedis, redisClient } from "../../src/redis/connection.ts";
import { redisSkip, redisUrl } from "./server.ts";

/** A way to Redis that can be cut, and says how many connections have come over it. */
async function way(t: TestContext) {
  const open = new Set<Socket>();
  const { hostname, port } = new URL(redisUrl);
  const server = createServer((socket) => {
    const behind = connect(Number(port || 6_379), hostname);
    open.add(socket);
    for (const one of [socket, behind]) one.on("error", () => undefined);
    socket.on("close", () => {
      open.delete(socket);
      behind.destroy();
      server.emit("left");
    });
    behind.on("close", () => socket.destroy());
    socket.pipe(behind).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  const url = new URL(redisUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, open, url: url.href };
}

describe("a client of Redis", { skip: redisSkip }, () => {
  for (const turns of [0, 1, 2, 3, 5, 8, 13])
    it(`holds no connection where it is closed ${turns} turns after it began to connect again`, async (t) => {
      const { server, open, url } = await way(t);
      const client = await redisClient({ url, tls: undefined, clock: systemClock, commandMs: 500 });
      await connectRedis(client, systemClock);
      const again = new Promise((resolve) => client.once("reconnecting", resolve));
      for (const socket of open) socket.destroy();
      await again;
      for (let at = 0; at < turns; at++) await turn();
      closeRedis(client);
      closeRedis(client);
      const signal = AbortSignal.timeout(3_000);
      // One that was under way when it was closed may still arrive, and then leaves.
      if (turns === 0 && open.size === 0) await once(server, "connection", { signal });
      while (open.size > 0) await once(server, "left", { signal });
      assert.equal(client.isReady, false);
      assert.equal(client.isOpen, false);
    });
});
