import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { describe, it } from "node:test";
import { action, module, signedIn } from "plimsoll";
import { z } from "zod";
import { serve } from "./served.ts";

const open = { access: "public", idempotent: "no", budget: "1s" } as const;
const text = z.object({ text: z.string().max(1_000_000) });
const modules = [
  module("echo", {
    operations: [
      action("echo.say", { ...open, input: text, output: text, http: "POST /say", run: async (input) => input }),
      action("echo.own", { ...open, access: signedIn(), input: text, output: text, http: "POST /own", run: async (input) => input }),
    ],
  }),
];
const head = (path = "/echo.Echo/Say", type = "application/grpc") => ({
  ":method": "POST",
  ":path": path,
  "content-type": type,
  te: "trailers",
});
const frame = (bytes: readonly number[], flag = 0, length = bytes.length) =>
  Buffer.from([flag, 0, length >> 16, (length >> 8) & 255, length & 255, ...bytes]);
const good = frame([10, 2, 104, 105]);

/** Sends a body and reads the status, which is in the head or in the trailers. */
async function ask(
  session: ClientHttp2Session,
  body: Buffer | undefined,
  headers = head(),
): Promise<{ readonly status: string; readonly message: string }> {
  const stream = session.request(headers);
  let found: Readonly<Record<string, unknown>> = {};
  stream.on("response", (response) => (found = { ...found, ...response }));
  stream.on("trailers", (trailers) => (found = { ...found, ...trailers }));
  if (body === undefined) stream.end();
  else stream.end(body);
  stream.resume();
  await once(stream, "close");
  return { status: String(found["grpc-status"]), message: decodeURIComponent(String(found["grpc-message"])) };
}

/** Errors of a connection end it, and are what is tested. */
function closeOf(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve) => void session.once("close", () => resolve()));
}

/** Until the server has read all that was sent before. */
function roundTrip(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve) => void session.ping(() => resolve()));
}

describe("gRPC under what no client should send", () => {
  it("refuses what is no message, each with its status, and serves the next call on the same connection", async () => {
    await using served = await serve(modules);
    const session = connect(served.url);
    for (const [body, status, message] of [
      [undefined, "3", /none came/],
      [good.subarray(0, 7), "3", /cut off/],
      [Buffer.concat([good, good]), "3", /more came/],
      [frame([10, 2, 104, 105], 1), "12", /compressed/],
      [frame([], 0, 200_000), "3", /limit of 65536/],
      [frame([10, 200, 1]), "3", /byte/],
      [frame([10, 1, 0xff]), "3", /UTF-8/],
      [frame([255, 255, 255]), "3", /cut off/],
    ] as const) {
      const refused = await ask(session, body);
      assert.equal(refused.status, status, String(message));
      assert.match(refused.message, message);
      assert.equal((await ask(session, good)).status, "0");
    }
    session.close();
  });

  it("refuses what is no call of its protocols", async () => {
    await using served = await serve(modules);
    const session = connect(served.url);
    for (const headers of [
      head("/echo.Echo/Say", "text/plain"),
      head("/echo.Echo/Say", "application/grpc+json"),
      { ...head(), ":method": "PUT" },
    ])
      assert.equal((await ask(session, good, headers)).status, "3");
    for (const path of ["/", "/echo.Echo/None", "/__proto__/constructor", `/${"x".repeat(5_000)}`])
      assert.equal((await ask(session, good, head(path))).status, "12", path.slice(0, 20));
    session.close();
  });

  it("keeps nothing of messages that were refused or given up", async () => {
    await using served = await serve(modules);
    const inFlight = () => served.app.loadLines.list().find(({ name }) => name === "gRPC message bytes in flight")?.now;
    const session = connect(served.url);
    const stream = session.request(head());
    stream.on("error", () => undefined);
    await new Promise((resolve) => stream.write(frame(Array(1_000).fill(0), 0, 60_000), resolve));
    await roundTrip(session);
    assert.ok((inFlight() ?? 0) >= 1_000);
    const executed = served.app.signals.executed.next();
    session.destroy();
    assert.equal((await executed).outcome, "cancelled");
    assert.equal(inFlight(), 0);
    const other = connect(served.url);
    for (const body of [frame([], 0, 200_000), frame([10, 200, 1]), Buffer.concat([good, good])]) await ask(other, body);
    assert.equal(inFlight(), 0);
    other.close();
  });

  it("refuses messages beyond the bytes of all callers", async () => {
    await using served = await serve(modules, { spec: { limits: { messageBytesInFlight: 10 } } });
    const session = connect(served.url);
    const waiting = session.request(head());
    waiting.on("error", () => undefined);
    await new Promise((resolve) => waiting.write(frame(Array(1_000).fill(0), 0, 60_000), resolve));
    await roundTrip(session);
    assert.equal((await ask(session, good)).status, "14");
    waiting.close(8);
    session.destroy();
  });

  it("ends a call whose message does not come, at its deadline", async () => {
    await using served = await serve(modules);
    const session = connect(served.url);
    const stream = session.request({ ...head(), "grpc-timeout": "50m" });
    const [response] = await once(stream, "response");
    assert.equal(response["grpc-status"], "4");
    session.destroy();
  });

  for (const [what, flood] of [
    ["PING", (session: ClientHttp2Session) => void session.ping(() => undefined)],
    ["SETTINGS", (session: ClientHttp2Session) => void session.settings({ initialWindowSize: 70_000 }, () => undefined)],
    [
      "RST_STREAM",
      (session: ClientHttp2Session) => {
        const stream = session.request(head("/echo.Echo/Own"));
        stream.on("error", () => undefined);
        stream.close(8);
      },
    ],
  ] as const)
    it(`ends a connection that floods it with ${what}, and serves the others`, async () => {
      await using served = await serve(modules, { spec: { limits: { controlFramesPerSecond: 1 } } });
      const session = connect(served.url);
      session.on("error", () => undefined);
      await once(session, "connect");
      const closed = closeOf(session);
      const timer = setInterval(() => {
        for (let i = 0; i < 5 && !session.destroyed && !session.closed; i++) flood(session);
      }, 1);
      await closed;
      clearInterval(timer);
      const other = connect(served.url);
      assert.equal((await ask(other, good)).status, "0");
      other.close();
    });

  it("closes what is no HTTP/2, and serves the others", async () => {
    await using served = await serve(modules);
    const { hostname, port } = new URL(served.url);
    const socket = connectTcp({ host: hostname, port: Number(port) });
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    socket.resume();
    await once(socket, "close");
    const session = connect(served.url);
    assert.equal((await ask(session, good)).status, "0");
    session.close();
  });

  it("takes no more connections than are declared", async () => {
    await using served = await serve(modules, { spec: { limits: { connections: 2, connectionsPerAddress: 2 } } });
    const sessions = [connect(served.url), connect(served.url)];
    for (const session of sessions) assert.equal((await ask(session, good)).status, "0");
    const third = connect(served.url);
    third.on("error", () => undefined);
    await closeOf(third);
    for (const session of sessions) session.destroy();
  });
});
