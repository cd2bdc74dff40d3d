import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { z } from "zod";
import { fail, fault } from "../../../src/core/fault.ts";
import { signedIn } from "../../../src/operation/access.ts";
import { action } from "../../../src/operation/online/action.ts";
import { gate, type Served, serve } from "../http/app.ts";
import type { Wire } from "../http/client.ts";
import { authority, server } from "../tls/secure.ts";
import { frame, refusedMessages } from "./frames.ts";

const NotMember = fault("not_member", { code: "permission_denied", message: "You are not a member." });
const Said = z.object({ text: z.string().max(20) });
const common = { access: "public", idempotent: "no", budget: "2s" } as const;

const echo = action("t.echo", {
  ...{ ...common, input: z.object({ room: z.string() }), http: "GET /echo/{room}", faults: [NotMember], stream: Said },
  receives: { message: Said, bytesMax: 1_000, perSecond: 20, protocols: ["chat.v2", "chat"] },
  async *run({ room }, { incoming }) {
    if (room === "closed") fail(NotMember, {});
    for await (const { text } of incoming) {
      if (text === "end") return;
      if (text === "bug") throw new TypeError("a bug");
      yield { text: `${room}: ${text}` };
    }
  },
});
const own = action("t.own", {
  ...{ ...common, access: signedIn(), input: z.object({}), http: "GET /own", stream: Said, receives: Said },
  async *run() {
    yield { text: "own" };
  },
});

let free = gate();
const slow = action("t.slow", {
  ...{ ...common, input: z.object({}), http: "GET /slow", stream: Said, receives: { message: Said, perSecond: 100 } },
  async *run(_, { incoming }) {
    for await (const said of incoming) {
      await free.opened;
      yield said;
    }
  },
});

const handshake = (path = "/echo/a", more = "") =>
  `GET ${path} HTTP/1.1\r\nhost: t\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n${more}\r\n`;
/** The code with which the server closes a connection that sends some bytes. */
async function closeCode(served: Served, bytes: readonly Buffer[]): Promise<number> {
  const wire = await served.wire();
  let received = Buffer.alloc(0);
  wire.socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
  });
  wire.send(handshake());
  await once(wire.socket, "data");
  for (const some of bytes) wire.send(some);
  await wire.ended;
  wire.close();
  const frames = received.subarray(received.indexOf("\r\n\r\n") + 4);
  const at = frames.lastIndexOf(0x88);
  return frames.readUInt16BE(at + 2);
}

describe("a WebSocket", () => {
  let served: Served;
  const connect = (path: string, protocols: readonly string[] = []) =>
    new WebSocket(`ws://127.0.0.1:${served.port}${path}`, [...protocols], { perMessageDeflate: true });
  before(async () => {
    served = await serve([echo, own, slow]);
  });
  after(() => served[Symbol.asyncDispose]());

  it("reads no more of a client while its handler has enough, and goes on in order", async (t) => {
    free = gate();
    const socket = connect("/slow");
    t.after(() => {
      free.open();
      socket.terminate();
    });
    await once(socket, "open");
    const seen: string[] = [];
    const done = Promise.withResolvers<void>();
    socket.on("pong", () => seen.push("pong"));
    socket.on("message", (data) => {
      seen.push(JSON.parse(String(data)).text);
      if (seen.filter((text) => text !== "pong").length === 30) done.resolve();
    });
    // In pieces that the server reads one after the other: what came in one piece is taken together.
    for (let n = 0; n < 30; n++) {
      socket.send(JSON.stringify({ text: `${n}` }));
      await new Promise(setImmediate);
    }
    socket.ping();
    // By the time that another client has its response, the server has read what it would read of the first.
    for (let n = 0; n < 3; n++) {
      const other = connect("/echo/a");
      await once(other, "open");
      other.send('{"text":"1"}');
      await once(other, "message");
      other.close();
      await once(other, "close");
    }
    assert.deepEqual(seen, []);
    free.open();
    await done.promise;
    assert.deepEqual(
      seen.filter((text) => text !== "pong"),
      Array.from({ length: 30 }, (_, n) => `${n}`),
    );
    socket.close();
    await once(socket, "close");
  });

  it("carries messages both ways, chooses a subprotocol, and takes no extension", async () => {
    const socket = connect("/echo/a", ["other", "chat", "chat.v2"]);
    await once(socket, "open");
    assert.deepEqual([socket.protocol, socket.extensions], ["chat.v2", ""]);
    const executed = served.executed(echo);
    for (const text of ["1", "2"]) {
      socket.send(JSON.stringify({ text }));
      const [data] = await once(socket, "message");
      assert.deepEqual(JSON.parse(String(data)), { text: `a: ${text}` });
    }
    socket.send('{"text":"end"}');
    const [code] = await once(socket, "close");
    assert.equal(code, 1000);
    const { outcome, stream } = await executed;
    assert.deepEqual([outcome, stream?.items, stream?.ended], ["ok", 2, "complete"]);
    await served.idle();
  });

  it("refuses before it opens, with a problem: access, the handler, no handshake", async () => {
    const wire = async (text: string): Promise<[number | undefined, string]> => {
      const one: Wire = await served.wire();
      const response = await one.ask(text);
      await one.ended;
      one.close();
      return [response.status, response.json.type];
    };
    assert.deepEqual(await wire(handshake("/own")), [401, "urn:plimsoll:token_missing"]);
    assert.deepEqual(await wire(handshake("/echo/closed")), [403, "urn:plimsoll:not_member"]);
    assert.deepEqual(await wire(handshake().replace("version: 13", "version: 8")), [426, "urn:plimsoll:websocket_required"]);
    const plain = await served.ask("GET", "/echo/a");
    assert.deepEqual([plain.status, plain.json.type], [426, "urn:plimsoll:websocket_required"]);
    const { upgrade, connection, "sec-websocket-version": version } = plain.headers;
    assert.deepEqual([upgrade, version], ["websocket", "13"], "it says to what, and in which version");
    assert.match(String(connection), /^Upgrade\b/);
    assert.equal((await served.app.fetch(new Request("http://t/echo/a"))).status, 426);
    await served.idle();
  });

  for (const [what, code, frames] of refusedMessages)
    it(`is closed with ${code} for a message that ${what}`, async () => {
      assert.equal(await closeCode(served, frames()), code);
      await served.idle();
    });

  it("is closed for a flood of pings", async () => {
    assert.equal(
      await closeCode(
        served,
        Array.from({ length: 100 }, () => frame(0x89)),
      ),
      1008,
    );
    await served.idle();
  });

  it("ends its execution when the client is gone without a close", async () => {
    const wire = await served.wire();
    wire.send(handshake());
    await once(wire.socket, "data");
    const executed = served.executed(echo);
    wire.socket.resetAndDestroy();
    assert.equal((await executed).stream?.ended, "left");
    await served.idle();
  });
});

describe("a WebSocket over TLS", () => {
  it("is opened, closed and drained as without", async () => {
    const served = await serve([echo], { http: { tls: { cert: server.cert, key: server.key } } });
    const socket = new WebSocket(`wss://127.0.0.1:${served.port}/echo/a`, [], { ca: authority.cert });
    await once(socket, "open");
    socket.send('{"text":"1"}');
    const [data] = await once(socket, "message");
    assert.equal(String(data), '{"text":"a: 1"}');
    const closed = once(socket, "close");
    await served.app.stop();
    assert.equal((await closed)[0], 1001);
  });
});

describe("a WebSocket whose client does not read, or whose process stops", () => {
  it("asks its handler for nothing more, and is closed with 1001 and a time to come back", async () => {
    let made = 0;
    const full = gate();
    const flood = action("t.flood", {
      ...{ ...common, input: z.object({}), http: "GET /flood", stream: z.object({ text: z.string() }), receives: Said },
      async *run() {
        for (;;) {
          made++;
          if (made === 100) full.open();
          yield { text: "x".repeat(10_000) };
        }
      },
    });
    const waits = action("t.waits", {
      ...{ ...common, input: z.object({}), http: "GET /waits", stream: Said, receives: Said },
      async *run(_, { incoming }) {
        for await (const said of incoming) yield said;
      },
    });
    const served = await serve([flood, waits]);
    const wire = await served.wire();
    wire.socket.pause();
    wire.send(handshake("/flood"));
    await full.opened;
    let before = -1;
    while (before !== made) {
      before = made;
      for (let turn = 0; turn < 20; turn++) await served.ask("GET", "/none");
    }
    assert.ok(made < 2_000, `${made} items were made`);
    const socket = new WebSocket(`ws://127.0.0.1:${served.port}/waits`);
    await once(socket, "open");
    const closed = once(socket, "close");
    const stopped = served.app.stop();
    const [code, reason] = await closed;
    assert.equal(code, 1001);
    assert.match(String(reason), /^retry-after-ms=\d+$/);
    wire.close();
    await stopped;
  });
});
