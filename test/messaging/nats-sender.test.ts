// A sender and a receiver whose client NATS has shut out: the client closes for good when it is refused twice.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, describe, it, type TestContext } from "node:test";
import { nats } from "plimsoll/nats";
import type { OutgoingMessage } from "plimsoll/ports";
import { systemClock } from "../../src/core/clock.ts";
import { closeNats, makeStream, natsSkip, natsUrl } from "./nats-server.ts";

const info = {
  server_id: "test",
  version: "2.10.0",
  proto: 1,
  max_payload: 1_048_576,
  headers: true,
  jetstream: true,
  auth_required: true,
};

/** A way to NATS, which refuses as a server does whose password was changed, for as long as the test says so. */
async function way(t: TestContext) {
  const open = new Set<Socket>();
  const state = { isRefusing: false };
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined).on("close", () => open.delete(socket));
    if (state.isRefusing) {
      socket.write(`INFO ${JSON.stringify(info)}\r\n`);
      socket.once("data", () => {
        socket.end("-ERR 'Authorization Violation'\r\n");
        server.emit("refused");
      });
      return;
    }
    const { hostname, port } = new URL(natsUrl);
    const behind = connect(Number(port || 4_222), hostname);
    behind.on("error", () => undefined).on("close", () => socket.destroy());
    socket.on("close", () => behind.destroy());
    socket.pipe(behind).pipe(socket);
  });
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    cut();
  });
  return { server, state, cut, url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const message = (id: string): OutgoingMessage => ({ id, key: "k", type: "shop.placed", headers: {}, body: "{}" });
const soon = () => AbortSignal.timeout(20_000);

describe("NATS that refuses a client for a while", { skip: natsSkip }, () => {
  after(closeNats);

  it("gets the messages of a sender again once it takes its password", async (t) => {
    const { server, state, cut, url } = await way(t);
    const sender = await nats({ servers: url, ...(await makeStream()), timeoutMs: 2_000 }).openSender({ clock: systemClock });
    t.after(() => sender.close());
    await sender.send(message("1"), soon());
    state.isRefusing = true;
    cut();
    for (let refused = 0; refused < 2; refused++) await once(server, "refused", { signal: soon() });
    await assert.rejects(sender.send(message("2"), soon()), { type: "broker_unavailable" });
    state.isRefusing = false;
    await assert.doesNotReject(sender.send(message("2"), soon()));
  });

  it("ends a receiver, so that it is opened again", async (t) => {
    const { server, state, cut, url } = await way(t);
    const host = { clock: systemClock, name: "test.reads", positions: new Map<string, string>() };
    const receiver = await nats({ servers: url, ...(await makeStream()), timeoutMs: 2_000 }).openReceiver(host);
    t.after(() => receiver.close());
    state.isRefusing = true;
    cut();
    for (let refused = 0; refused < 2; refused++) await once(server, "refused", { signal: soon() });
    const bounds = { messages: 10, bytes: 100_000, waitMs: 1_000 };
    await assert.rejects(receiver.receive(bounds, soon()), { type: "broker_unavailable" });
  });
});
