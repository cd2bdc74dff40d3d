import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Running, run } from "./app.ts";
import { begin, from, post, type Read } from "./ask.ts";
import { ann, bob, operations } from "./operations.ts";

let running: Running;
let made: ReturnType<typeof operations>;
before(async () => {
  made = operations();
  running = await run(made.all, { mcp: { limits: { requestBytes: 4_096, requestValues: 200 } } });
});
after(() => running[Symbol.asyncDispose]());

const version = "io.modelcontextprotocol/protocolVersion";
const meta = { [version]: "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
const rpc = (message: object) => JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/list", ...message });
const modern = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" };
const look = { name: "suite.look", arguments: { text: "a" } };

/** What comes, and the status and code by which it is refused. */
const refusals: Readonly<Record<string, readonly [send: () => Promise<Read>, status: number, code: number]>> = {
  "no JSON": [() => post(running.app, "{"), 400, -32_700],
  "another type than JSON": [() => post(running.app, rpc({}), { headers: { "content-type": "text/plain" } }), 415, -32_600],
  "a key twice": [() => post(running.app, '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'), 400, -32_700],
  "a batch": [() => post(running.app, `[${rpc({})}]`), 400, -32_600],
  "an empty batch": [() => post(running.app, "[]"), 400, -32_600],
  "a text": [() => post(running.app, '"tools/list"'), 400, -32_600],
  "another version of JSON-RPC": [() => post(running.app, rpc({ jsonrpc: "1.0" })), 400, -32_600],
  "no method": [() => post(running.app, rpc({ method: undefined })), 400, -32_600],
  "a method that is no text": [() => post(running.app, rpc({ method: 1 })), 400, -32_600],
  "an id that is null": [() => post(running.app, rpc({ id: null })), 400, -32_600],
  "an id that is a part": [() => post(running.app, rpc({ id: 1.5 })), 400, -32_600],
  "an id that is long": [() => post(running.app, rpc({ id: "a".repeat(513) })), 400, -32_600],
  "params that are a list": [() => post(running.app, rpc({ params: [] })), 400, -32_602],
  "_meta that is a text": [() => post(running.app, rpc({ params: { _meta: "a" } })), 400, -32_602],
  "too many values": [() => post(running.app, rpc({ params: { a: Array(300).fill(1) } })), 413, -32_600],
  "no version": [() => post(running.app, rpc({})), 400, -32_020],
  "a version in the head alone": [() => post(running.app, rpc({}), { headers: modern }), 400, -32_602],
  "a version that is not known": [
    () => from(running.app).legacy("ping", {}, { headers: { "mcp-protocol-version": "1900-01-01" } }),
    400,
    -32_022,
  ],
  "a modern version that is not known": [
    () =>
      from(running.app).modern("tools/list", {}, { meta: { [version]: "2031-01-01" }, headers: { "mcp-protocol-version": "2031-01-01" } }),
    400,
    -32_022,
  ],
  "another version in the head": [
    () => from(running.app).modern("tools/list", {}, { headers: { "mcp-protocol-version": "2025-11-25" } }),
    400,
    -32_020,
  ],
  "no capabilities": [() => post(running.app, rpc({ params: { _meta: { [version]: "2026-07-28" } } }), { headers: modern }), 400, -32_602],
  "no method in the head": [
    () => post(running.app, rpc({ params: { _meta: meta } }), { headers: { "mcp-protocol-version": "2026-07-28" } }),
    400,
    -32_020,
  ],
  "another method in the head": [
    () => from(running.app).modern("tools/list", {}, { headers: { "mcp-method": "tools/call" } }),
    400,
    -32_020,
  ],
  "another name in the head": [() => from(running.app).modern("tools/call", look, { headers: { "mcp-name": "suite.all" } }), 400, -32_020],
  "a method that is not known": [() => from(running.app).modern("roots/list"), 404, -32_601],
  "a method of the older era": [() => from(running.app).modern("initialize"), 404, -32_601],
  "a method of objects": [() => from(running.app).modern("constructor"), 404, -32_601],
  "a method that the older era does not know": [() => from(running.app).legacy("server/discover"), 200, -32_601],
  "a tool that is not known": [() => from(running.app).modern("tools/call", { name: "suite.none" }), 200, -32_602],
  "a tool that does not say mcp": [() => from(running.app).modern("tools/call", { name: "suite.hidden" }), 200, -32_602],
  "a tool without a name": [() => from(running.app).legacy("tools/call", { name: 1 }), 200, -32_602],
  "arguments that are a list": [() => from(running.app).modern("tools/call", { name: "suite.look", arguments: [] }), 200, -32_602],
  "a session that is not known": [() => from(running.app).legacy("ping", {}, { headers: { "mcp-session-id": "none" } }), 404, -32_600],
  "a session of another caller": [
    async () => from(running.app).legacy("ping", {}, { headers: { ...(await begin(running.app, ann)), ...bob } }),
    404,
    -32_600,
  ],
  "a page of another origin": [
    () => from(running.app).modern("tools/list", {}, { headers: { origin: "https://evil.example" } }),
    403,
    -32_600,
  ],
  "a page of no origin": [() => from(running.app).modern("tools/list", {}, { headers: { origin: "null" } }), 403, -32_600],
};

describe("a request is refused that has", () => {
  for (const [what, [send, status, code]] of Object.entries(refusals))
    it(what, async () => {
      const at = running.executions.length;
      const read = await send();
      assert.deepEqual([read.status, read.error.code], [status, code]);
      assert.ok(read.error.message.length > 20 && read.error.data.type.startsWith("urn:plimsoll:"));
      assert.equal(running.executions.length, at);
    });

  it("an id, which its refusal has too", async () => {
    assert.equal((await post(running.app, rpc({}))).id, 7);
    assert.equal((await post(running.app, rpc({ id: "x", jsonrpc: "1.0" }))).id, "x");
    assert.equal((await post(running.app, "{")).id, undefined);
  });

  it("more bytes than one may have", async () => {
    const read = await post(running.app, rpc({ params: { a: "a".repeat(5_000) } }));
    assert.equal(read.status, 413);
  });

  it("another verb than POST", async () => {
    for (const method of ["GET", "DELETE"]) {
      const response = await running.app.fetch(new Request("http://localhost/mcp", { method }), { address: "192.0.2.1" });
      assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"]);
    }
  });
});

describe("a request is taken", () => {
  it("whose name is encoded in the head", async () => {
    const uri = "suite://all";
    const encoded = `=?base64?${Buffer.from(uri).toString("base64")}?=`;
    const read = await from(running.app).modern("resources/read", { uri }, { headers: { "mcp-name": encoded } });
    assert.equal(read.result.contents.length, 1);
  });

  it("of a page of this machine, or of an origin that is listed", async () => {
    assert.equal((await from(running.app).modern("tools/list", {}, { headers: { origin: "http://localhost:6274" } })).status, 200);
    await using listed = await run(operations().all, { mcp: { origins: ["https://agents.example"] } });
    assert.equal((await from(listed.app).modern("tools/list", {}, { headers: { origin: "https://agents.example" } })).status, 200);
  });

  it("that tells what the server is", async () => {
    const { result } = await from(running.app).modern("server/discover");
    assert.deepEqual(result.supportedVersions, ["2026-07-28", "2025-11-25", "2025-06-18"]);
    assert.deepEqual(result.capabilities, { tools: {}, resources: {}, completions: {} });
    assert.equal(result._meta["io.modelcontextprotocol/serverInfo"].name, running.app.name);
  });

  it("that begins a session of a revision of 2025, and of the newest where it names another", async () => {
    for (const [asked, given] of [
      ["2025-06-18", "2025-06-18"],
      ["2025-11-25", "2025-11-25"],
      ["2024-11-05", "2025-11-25"],
    ]) {
      const read = await post(running.app, rpc({ method: "initialize", params: { protocolVersion: asked } }));
      assert.equal(read.result.protocolVersion, given);
      assert.deepEqual(read.result.capabilities, { tools: {}, resources: {}, completions: {} });
      const headers = { "mcp-session-id": read.headers.get("mcp-session-id") ?? "" };
      assert.deepEqual((await post(running.app, rpc({ method: "ping" }), { headers })).result, {});
    }
  });

  it("that is a notification, and one that cancels a request of its session", async () => {
    const headers = await begin(running.app);
    const notify = (method: string, params = {}) => post(running.app, JSON.stringify({ jsonrpc: "2.0", method, params }), { headers });
    assert.equal((await notify("notifications/initialized")).status, 202);
    const begun = made.begin();
    const asked = from(running.app).legacy("tools/call", { name: "suite.wait", arguments: { text: "a" } }, { id: 5, headers });
    const signal = await begun;
    await notify("notifications/cancelled", { requestId: 6 });
    assert.equal(signal.aborted, false);
    assert.equal((await notify("notifications/cancelled", { requestId: 5 })).status, 202);
    assert.equal((await asked).result._meta["plimsoll/problem"].code, "cancelled");
  });
});

describe("callers", () => {
  it("are charged for requests that start no operation", async () => {
    await using limited = await run(operations().all, { spec: { rateLimit: { perSecond: 0.001, burst: 3 } } });
    assert.equal((await from(limited.app).modern("tools/list")).status, 200);
    assert.equal((await post(limited.app, "{")).status, 400);
    assert.equal((await from(limited.app).modern("tools/call", { name: "suite.none" })).status, 200);
    for (const send of [() => from(limited.app).modern("tools/list"), () => post(limited.app, "{")]) {
      const read = await send();
      assert.deepEqual([read.status, read.error.data.type], [429, "urn:plimsoll:rate_limited"]);
      assert.ok(Number(read.headers.get("retry-after")) > 0);
    }
  });

  it("who have to sign in are refused before their body is read, and read where they get a token", async () => {
    const authorization = { resource: "https://api.example.com/mcp", servers: ["https://issuer.example"], scopes: ["orders"] };
    await using closed = await run(operations().all, { mcp: { authorization } });
    const refused = await post(closed.app, "{");
    assert.equal(refused.status, 401);
    const url = "https://api.example.com/.well-known/oauth-protected-resource/mcp";
    assert.match(refused.headers.get("www-authenticate") ?? "", new RegExp(`^Bearer resource_metadata="${url}"`));
    const response = await closed.app.fetch(new Request(url), { address: "192.0.2.1" });
    assert.deepEqual(await response.json(), {
      resource: "https://api.example.com/mcp",
      authorization_servers: ["https://issuer.example"],
      bearer_methods_supported: ["header"],
      scopes_supported: ["orders"],
    });
    assert.equal((await from(closed.app).modern("tools/list", {}, { headers: ann })).status, 200);
    assert.equal((await from(closed.app).modern("tools/list", {}, { headers: { authorization: "Bearer bad" } })).status, 401);
  });
});
