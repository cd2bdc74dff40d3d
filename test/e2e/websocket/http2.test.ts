// WebSockets on streams of HTTP/2 (RFC 8441): bounded, refused and closed as over HTTP/1.1.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { fail, fault } from "../../../src/core/fault.ts";
import { limits } from "../../../src/core/limits.ts";
import type { HttpLimits } from "../../../src/http/http.ts";
import { signedIn } from "../../../src/operation/access.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { gate, type Served, type ServeSpec, serve } from "../http/app.ts";
import { H2Client, responseOf } from "../http2/client.ts";
import { database } from "../http2/operations.ts";
import { server } from "../tls/secure.ts";
import { frame, refusedMessages } from "./frames.ts";
import { H2Socket } from "./h2-socket.ts";

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
const plain = query("t.plain", {
  ...{ input: z.object({}), output: z.object({ ok: z.boolean() }), access: "public", budget: "2s", http: "GET /plain" },
  run: async () => ({ ok: true }),
});
const listens = action("t.listens", {
  ...{ ...common, input: z.object({}), http: "GET /listens" },
  stream: { item: Said, idle: "1m", longest: "2m", heartbeat: "10s" },
  receives: Said,
  async *run(_, { incoming }) {
    for await (const said of incoming) yield said;
  },
});
const takes = action("t.takes", {
  ...{ ...common, input: z.object({ text: z.string() }), output: Said, http: "POST /takes" },
  run: async ({ text }) => ({ text }),
});
const all = [echo, own, plain, listens, takes];
const open = ({ http, ...spec }: ServeSpec = {}, operations: Parameters<typeof serve>[0] = all) =>
  serve(operations, { database, ...spec, http: { tls: { cert: server.cert, key: server.key, http2: true }, ...http } });
describe("a WebSocket over HTTP/2", () => {
  let served: Served;
  let client: H2Client;
  before(async () => {
    served = await open();
    client = await H2Client.open(served.port);
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await served[Symbol.asyncDispose]();
  });

  it("is offered where there is one, and there alone (§3)", async () => {
    assert.equal(client.session.remoteSettings.enableConnectProtocol, true);
    await using without = await open({}, [plain]);
    await using other = await H2Client.open(without.port);
    assert.equal(other.session.remoteSettings.enableConnectProtocol, false);
  });

  it("carries messages both ways beside other requests, and chooses a subprotocol (§5)", async () => {
    const executed = served.executed(echo);
    const socket = new H2Socket(client, "/echo/a", {
      "sec-websocket-protocol": "other, chat, chat.v2",
      "sec-websocket-extensions": "permessage-deflate",
    });
    const { status, ...head } = await socket.opened;
    assert.deepEqual([status, head["sec-websocket-protocol"]], [200, "chat.v2"]);
    for (const name of ["sec-websocket-accept", "sec-websocket-extensions", "upgrade", "connection"])
      assert.equal(head[name], undefined, name);
    const other = new H2Socket(client, "/echo/b");
    assert.equal((await other.opened)["sec-websocket-protocol"], undefined);
    for (const text of ["1", "2"]) {
      socket.say({ text });
      other.say({ text });
      assert.deepEqual([await socket.heard(), await other.heard()], [{ text: `a: ${text}` }, { text: `b: ${text}` }]);
      assert.deepEqual((await client.ask("GET", "/plain")).json, { ok: true });
    }
    socket.say({ text: "end" });
    assert.deepEqual(await socket.closing(), { code: 1000, reason: "" });
    assert.equal(await socket.closed, 0);
    assert.equal(socket.hasEnded, true);
    const { outcome, stream, facts } = await executed;
    assert.deepEqual([outcome, stream?.items, stream?.ended], ["ok", 2, "complete"]);
    assert.equal(facts?.attributes["http.response.status_code"], 200);
    other.stream.end(frame(0x88, Buffer.from([0x03, 0xe8])));
    assert.equal((await other.closing())?.code, 1000, "a close of the client is returned");
    assert.equal(await other.closed, 0);
    await served.idle();
  });

  it("takes messages in pieces of any size, also of one byte", async () => {
    const socket = new H2Socket(client, "/echo/a");
    await socket.opened;
    const bytes = Buffer.concat([frame(0x01, '{"te'), frame(0x89, "p"), frame(0x80, 'xt":"1"}')]);
    for (const byte of bytes) socket.stream.write(Buffer.from([byte]));
    assert.equal((await socket.next())?.opcode, 10, "a pong between the fragments");
    assert.deepEqual(await socket.heard(), { text: "a: 1" });
    socket.stream.close(8);
    await socket.closed;
    await served.idle();
  });

  const refusals: readonly (readonly [
    what: string,
    path: string,
    headers: Record<string, string | undefined>,
    status: number,
    type: string,
  ])[] = [
    ["without credentials", "/own", {}, 401, "token_missing"],
    ["by its handler", "/echo/closed", {}, 403, "not_member"],
    ["of version 8", "/echo/a", { "sec-websocket-version": "8" }, 426, "websocket_required"],
    ["without a version", "/echo/a", { "sec-websocket-version": undefined }, 426, "websocket_required"],
    ["with a subprotocol twice", "/echo/a", { "sec-websocket-protocol": "chat, chat" }, 400, "websocket_handshake_invalid"],
    ["at a path that is none", "/none", {}, 404, "route_not_found"],
    ["at the path of a query", "/plain", {}, 405, "method_not_allowed"],
    ["for another protocol", "/echo/a", { ":protocol": "connect-udp" }, 501, "protocol_unknown"],
    ["for another protocol at the path of a query", "/plain", { ":protocol": "webtransport" }, 501, "protocol_unknown"],
    ["with a head that is too large", "/echo/a", { "x-long": "x".repeat(17_000) }, 431, "headers_too_many"],
  ];
  for (const [what, path, headers, status, type] of refusals)
    it(`is refused ${what}: ${status}, and other streams go on`, async () => {
      const wanted = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
      const drops = Object.keys(headers).filter((name) => headers[name] === undefined);
      const asked: Record<string, string> = {
        ...{ ":method": "CONNECT", ":protocol": "websocket", ":scheme": "https", ":authority": "shop.test", ":path": path },
        ...{ "sec-websocket-version": "13", ...wanted },
      };
      for (const name of drops) delete asked[name];
      const response = await responseOf(client.begin(asked, "open"));
      assert.deepEqual([response.status, response.json.type], [status, `urn:plimsoll:${type}`]);
      assert.equal(response.headers["sec-websocket-version"], status === 426 ? "13" : undefined);
      assert.equal((await client.ask("GET", "/plain")).status, 200);
      await served.idle();
    });

  it("is refused where it is not a CONNECT, or its client has ended the stream", async () => {
    const asked = { ":method": "CONNECT", ":protocol": "websocket", ":scheme": "https", ":authority": "shop.test", ":path": "/echo/a" };
    const ended = await responseOf(client.begin({ ...asked, "sec-websocket-version": "13" }));
    assert.deepEqual([ended.status, ended.json.type], [400, "urn:plimsoll:websocket_handshake_invalid"]);
    const got = await client.ask("GET", "/echo/a", { headers: { "sec-websocket-version": "13" } });
    assert.deepEqual([got.status, got.json.type], [400, "urn:plimsoll:websocket_handshake_invalid"]);
  });

  for (const [what, code, frames] of refusedMessages)
    it(`is closed with ${code} for a message that ${what}`, async () => {
      const socket = new H2Socket(client, "/echo/a");
      await socket.opened;
      for (const some of frames()) socket.stream.write(some);
      assert.equal((await socket.closing())?.code, code);
      await socket.closed;
      assert.equal((await client.ask("GET", "/plain")).status, 200);
      await served.idle();
    });

  it("is closed for a flood of pings", async () => {
    const socket = new H2Socket(client, "/echo/a");
    await socket.opened;
    for (let n = 0; n < 100; n++) socket.stream.write(frame(0x89));
    assert.equal((await socket.closing())?.code, 1008);
    await socket.closed;
    await served.idle();
  });

  const leaves: readonly (readonly [how: string, leave: (socket: H2Socket, by: H2Client) => void])[] = [
    ["resets its stream", ({ stream }) => stream.close(8)],
    ["ends its stream without a close", ({ stream }) => stream.end()],
    ["ends its stream with a close", ({ stream }) => stream.end(frame(0x88, Buffer.from([0x03, 0xe8])))],
    ["is gone with its connection", (_, by) => by.session.destroy()],
  ];
  for (const [how, leave] of leaves)
    it(`ends its execution when its client ${how}`, async () => {
      await using other = await H2Client.open(served.port);
      const socket = new H2Socket(other, "/echo/a");
      await socket.opened;
      socket.say({ text: "1" });
      await socket.heard();
      const executed = served.executed(echo);
      leave(socket, other);
      const { outcome, stream } = await executed;
      // As over HTTP/1.1.
      assert.deepEqual([stream?.ended, outcome], ["left", "cancelled"]);
      await served.idle();
      assert.equal((await client.ask("GET", "/plain")).status, 200);
    });
});

describe("the bounds of a WebSocket over HTTP/2", () => {
  const limited = (own: Partial<HttpLimits>, operations: Parameters<typeof serve>[0] = all) => open({ http: { limits: own } }, operations);

  it("nothing more is read of a client while its handler has enough", async () => {
    const free = gate();
    const slow = action("t.slow", {
      ...{ ...common, input: z.object({}), http: "GET /slow", stream: z.object({ at: z.int() }) },
      receives: { message: z.object({ at: z.int(), fill: z.string() }), perSecond: 10_000 },
      async *run(_, { incoming }) {
        for await (const { at } of incoming) {
          await free.opened;
          yield { at };
        }
      },
    });
    await using served = await open({}, [slow, plain]);
    await using client = await H2Client.open(served.port);
    const socket = new H2Socket(client, "/slow");
    await socket.opened;
    const fill = "x".repeat(900);
    for (let at = 0; at < 1_000; at++) socket.say({ at, fill });
    // Until the server reads no more, or has read all.
    for (let before = -1; before !== socket.stream.writableLength; ) {
      before = socket.stream.writableLength;
      for (let n = 0; n < 20; n++) assert.equal((await client.ask("GET", "/plain")).status, 200);
    }
    assert.ok(socket.stream.writableLength > 500_000, `${socket.stream.writableLength} bytes wait at the client`);
    free.open();
    for (let at = 0; at < 1_000; at++) assert.deepEqual(await socket.heard(), { at });
    socket.stream.close(8);
    await served.idle();
  });

  it("a client that reads nothing is asked for no item, and its stream alone is reset in the end", async () => {
    let made = 0;
    const full = gate();
    const flood = action("t.flood", {
      ...{ ...common, input: z.object({}), http: "GET /flood", stream: z.object({ text: z.string() }), receives: Said },
      async *run() {
        for (;;) {
          if (++made === 5) full.open();
          yield { text: "x".repeat(10_000) };
        }
      },
    });
    await using served = await limited({ sendStallMs: 400 }, [flood, plain]);
    await using client = await H2Client.open(served.port);
    const executed = served.executed(flood);
    const socket = new H2Socket(client, "/flood");
    await socket.opened;
    socket.stream.pause();
    await full.opened;
    // The stream of items and the connection look at it, each in its time.
    assert.ok(["unread", "left"].includes((await executed).stream?.ended ?? ""));
    assert.ok(made < 100, `${made} items were made`);
    socket.stream.resume();
    await socket.closed;
    assert.equal((await client.ask("GET", "/plain")).status, 200);
    await served.idle();
  });

  it("requestMs does not end it, and ends requests beside it", async () => {
    await using served = await limited({ requestMs: 300, headerMs: 300 });
    await using client = await H2Client.open(served.port);
    const socket = new H2Socket(client, "/echo/a");
    await socket.opened;
    // Begun later, so that the bound of the first would have come before.
    const slow = client.begin({ ":method": "POST", ":path": "/takes", "content-type": "application/json" }, "open");
    assert.equal((await responseOf(slow)).status, 408);
    socket.say({ text: "1" });
    assert.deepEqual(await socket.heard(), { text: "a: 1" });
    socket.stream.close(8);
    await served.idle();
  });

  it("what a client says is no flood of frames that ask for nothing", async () => {
    const counts = action("t.counts", {
      ...{ ...common, input: z.object({}), http: "GET /counts", stream: z.object({ count: z.int() }) },
      receives: { message: z.object({ fill: z.string().max(100_000) }), perSecond: 10_000, bytesMax: 100_000 },
      async *run(_, { incoming }) {
        let count = 0;
        for await (const _message of incoming) yield { count: ++count };
      },
    });
    await using served = await limited({ headerMs: 300, requestMs: 300 }, [counts, takes]);
    await using client = await H2Client.open(served.port);
    const socket = new H2Socket(client, "/counts");
    await socket.opened;
    const fill = "x".repeat(60_000);
    const messages = Math.ceil((limits.controlBytesPerSecond * 20) / fill.length);
    // More than a connection may send beside requests, in several of the looks that the server takes at it.
    for (let count = 1; count <= messages; count++) {
      socket.say({ fill });
      assert.deepEqual(await socket.heard(), { count });
    }
    // By then the server has looked at the bytes of the connection.
    const slow = client.begin({ ":method": "POST", ":path": "/takes", "content-type": "application/json" }, "open");
    assert.equal((await responseOf(slow)).status, 408);
    assert.equal(served.app.loadLines.find("HTTP/2 control frames")?.refusals[0]?.refused ?? 0, 0);
    socket.stream.close(8);
    await served.idle();
  });

  it("it counts as a stream of its caller and of its connection", async () => {
    await using served = await open({ limits: { streamsPerCaller: 2 }, http: { limits: { streamsPerConnection: 5 } } });
    await using client = await H2Client.open(served.port);
    assert.equal(client.session.remoteSettings.maxConcurrentStreams, 5);
    const sockets = [new H2Socket(client, "/listens"), new H2Socket(client, "/listens")];
    for (const socket of sockets) assert.equal((await socket.opened).status, 200);
    assert.equal(served.app.loadLines.find("streams")?.now(), 2);
    const third = new H2Socket(client, "/listens");
    assert.equal((await third.opened).status, 429);
    for (const { stream } of [...sockets, third]) stream.close(8);
    await served.idle();
    assert.equal(served.app.loadLines.find("streams")?.now(), 0);
  });

  it("a client that is silent gets a ping, and is disconnected if it does not reply", async () => {
    const clock = new TestClock({ now: Date.now() });
    await using served = await open({ clock });
    await using client = await H2Client.open(served.port);
    const socket = new H2Socket(client, "/listens");
    await socket.opened;
    const executed = served.executed(listens);
    const pinged = socket.next();
    for (let past = 0; past < 11; past++) await clock.advanceAsync(1_000);
    assert.equal((await pinged)?.opcode, 9);
    for (let past = 0; past < 11; past++) await clock.advanceAsync(1_000);
    assert.equal((await executed).stream?.ended, "left");
    assert.equal(await socket.closed, 8);
    await served.idle();
  });

  it("a stop of the app closes it with 1001 and a time to come back, and then its connection", async () => {
    const served = await open();
    const client = await H2Client.open(served.port);
    const socket = new H2Socket(client, "/echo/a");
    await socket.opened;
    const gone = once(client.session, "close");
    const stopped = served.app.stop();
    const { code, reason } = (await socket.closing()) ?? assert.fail("it was cut");
    assert.equal(code, 1001);
    assert.match(reason, /^retry-after-ms=\d+$/);
    await Promise.all([stopped, gone]);
  });
});
