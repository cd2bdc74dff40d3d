// Peers that are not what the caller expects: an older contract, another protocol, replies that are none, connections that are lost.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { createServer as createTcp } from "node:net";
import { after, describe, it } from "node:test";
import { type App, command, module, query } from "plimsoll";
import { z } from "zod";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { ann, startCallee, startCaller } from "./two-apps.ts";

const common = { output: z.object({ left: z.int() }), access: "public", budget: "2s" } as const;
const Sku = z.object({ sku: z.string() });
let runs = 0;
const run = async () => ({ left: ++runs });
const read = query("stock.read", { ...common, input: Sku, run });
const take = command("stock.take", { ...common, input: Sku, idempotent: "no", run });
const keep = command("stock.keep", { ...common, input: Sku.extend({ owner: z.string() }), idempotent: { key: "owner" }, run });
const stock = module("stock", { operations: [read, take, keep] });

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
const open: (() => unknown)[] = [];
after(async () => {
  for (const close of open.toReversed()) await close();
});

/** A server of HTTP/2 that does as it is written; the paths that were asked for. */
async function peer(handle: Handler): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer();
  server.on("session", (session) => session.on("error", () => undefined));
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    asked.push(String(headers[":path"]));
    handle(stream, headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function callerOf(url: string, options: object = {}): Promise<App> {
  const caller = await startCaller({ module: stock, url, ...options });
  open.push(() => caller.stop());
  return caller;
}

const ok = { ":status": 200, "content-type": "application/grpc+proto" };
const framed = (bytes: Buffer, flag = 0) => {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};
const replies =
  (body: Buffer, status = "0"): Handler =>
  (stream) => {
    stream.respond(ok, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
    stream.end(body);
  };

const proxied: Handler = (stream) => {
  stream.respond({ ":status": 502 });
  stream.end("bad gateway");
};

describe("a reply that is none", () => {
  for (const [name, handler] of [
    ["a status of a proxy", proxied],
    ["bytes that are no message", replies(framed(Buffer.from([255, 255, 255])))],
    ["a compressed message", replies(framed(Buffer.from([8, 1]), 1))],
    ["no message", replies(Buffer.alloc(0))],
    ["more bytes than replyBytes", replies(framed(Buffer.alloc(20_000)))],
    ["a head that announces 4 GiB", replies(Buffer.from([0, 255, 255, 255, 255, 1]))],
  ] as const)
    it(name, async () => {
      const { url, asked } = await peer(handler as Handler);
      const caller = await callerOf(url, { replyBytes: 10_000 });
      const thrown = await caller
        .call(take, { sku: "a" }, { actor: ann })
        .catch((error: unknown) => error as { type: string; code: string });
      assert.deepEqual(
        [(thrown as { type: string }).type, (thrown as { code: string }).code, asked.length],
        ["remote_reply_unreadable", "internal", 1],
      );
    });
});

describe("a connection that is lost before the reply", () => {
  const lost = async (call: (caller: App) => Promise<unknown>) => {
    const { url, asked } = await peer((stream) => stream.on("data", () => stream.session?.destroy()));
    const caller = await callerOf(url);
    const thrown = await call(caller).catch((error: unknown) => error);
    return [(thrown as { readonly type: string }).type, asked.length] as const;
  };

  it("is asked again for a query", async () => {
    const [type, asked] = await lost((caller) => caller.call(read, { sku: "a" }, { actor: ann }));
    assert.equal(type, "remote_unavailable");
    assert(asked >= 2 && asked <= 3, `${asked} attempts`);
  });
  it("is asked again for a command with its key", async () => {
    const [type, asked] = await lost((caller) => caller.call(keep, { sku: "a", owner: "o" }, { actor: ann, key: "k" }));
    assert.equal(type, "remote_unavailable");
    assert(asked >= 2 && asked <= 3, `${asked} attempts`);
  });
  it("is not asked again for a command without one: it may have been done", async () => {
    assert.deepEqual(await lost((caller) => caller.call(take, { sku: "a" }, { actor: ann })), ["remote_outcome_unknown", 1]);
  });
});

it("a process that speaks another protocol is not there", async () => {
  const server = createTcp((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => server.close());
  const caller = await callerOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await assert.rejects(caller.call(read, { sku: "a" }, { actor: ann }), { code: "unavailable", type: "remote_unavailable" });
});

it("a peer with another contract reads nothing, and says so", async () => {
  const database = new MemoryDatabase();
  const older = query("stock.read", { ...common, input: z.object({ shelf: z.string(), sku: z.string() }), run });
  const callee = await startCallee([module("stock", { operations: [older] })], { database: { open: () => database } });
  open.push(() => callee.stop());
  const caller = await callerOf(callee.url);
  const before = runs;
  await assert.rejects(caller.call(read, { sku: "a" }, { actor: ann }), {
    code: "unavailable",
    type: "contract_differs",
    details: { operation: "stock.read", fields: ["input.shelf is required there"] },
  });
  await assert.rejects(caller.call(take, { sku: "a" }, { actor: ann }), {
    code: "unavailable",
    type: "contract_differs",
    details: { operation: "stock.take" },
  });
  assert.equal(runs, before);
});

it("above its calls at once, one more is refused, and none waits", async () => {
  const held: ServerHttp2Stream[] = [];
  const both = Promise.withResolvers<void>();
  const { url } = await peer((stream) => {
    if (held.push(stream) === 2) both.resolve();
  });
  const caller = await callerOf(url, { concurrency: 2 });
  const waiting = [1, 2].map(() => caller.call(take, { sku: "a" }, { actor: ann }).catch(() => undefined));
  await both.promise;
  await assert.rejects(caller.call(take, { sku: "a" }, { actor: ann }), { code: "unavailable", type: "overloaded" });
  for (const stream of held) replies(Buffer.alloc(0))(stream, {});
  await Promise.all(waiting);
});
