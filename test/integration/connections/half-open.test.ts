// Sessions that have a connection of their own end although the server is silent: a process that was asked to stop would stay as long as the kernel waits.
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { systemClock } from "../../../src/core/clock.ts";
import { withClient } from "../../../src/postgres/client.ts";
import { ListeningSession } from "../../../src/postgres/listening/listening-session.ts";
import { postgresLeases } from "../../../src/postgres/rates/store.ts";
import { listenForTasks } from "../../../src/postgres/tasks/listener.ts";

/** Opens a session, and returns what stops it. */
type Open = (url: string, database: TestDatabase) => Promise<() => unknown>;

const sessions: Readonly<Record<string, Open>> = {
  "one that listens": async (url) => {
    const session = new ListeningSession({
      ...{
        name: "half-open",
        channel: "half_open",
        respondMs: 5_000,
        needsSession: "",
        opened: () => undefined,
        notified: () => undefined,
      },
      database: { clock: systemClock, sessionUrl: url, borrow: () => assert.fail("nothing is borrowed") },
    });
    await session.start();
    return () => session.stop();
  },
  "that of a worker": async (url) => {
    const { stop } = await listenForTasks(url, { channel: "half_open", onNotification: () => undefined, lost: () => undefined });
    return stop;
  },
  "that of shared rates": async (url) => {
    const { service } = postgresLeases(url).open({ app: "half-open", clock: systemClock } as never);
    await service?.start();
    return () => service?.stop();
  },
  "one for a single work": async (url) => {
    const work = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const ended = withClient(url, async (client) => {
      await client.query("select 1");
      begun.resolve();
      await work.promise;
    });
    await begun.promise;
    return () => {
      work.resolve();
      return ended;
    };
  },
};

describe("a session on a connection that is open on one side only", () => {
  let database: TestDatabase;
  let server: Server;
  const carried: Socket[] = [];
  before(async () => {
    database = await testDatabase({ modules: [] });
    const { hostname: host, port } = new URL(database.url);
    // Both sides stay open, whatever the other does.
    server = createServer({ allowHalfOpen: true }, (client) => {
      const target = connect({ host, port: Number(port), allowHalfOpen: true });
      for (const socket of [client, target]) carried.push(socket.on("error", () => undefined));
      client.pipe(target, { end: false });
      target.pipe(client, { end: false });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    for (const socket of carried) socket.destroy();
    server.close();
    await database.drop();
  });

  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

  for (const [name, open] of Object.entries(sessions))
    it(`ends, and lets go of it: ${name}`, { timeout: 60_000 }, async () => {
      const url = new URL(database.url);
      url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const stop = await open(url.href, database);
      for (const socket of carried) socket.unpipe().pause();
      const all = sockets();
      await stop();
      while (sockets() >= all) await pause(20);
    });
});
