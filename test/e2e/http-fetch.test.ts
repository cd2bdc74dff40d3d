import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { fail, fault } from "../../src/core/fault.ts";
import { signedIn } from "../../src/operation/access.ts";
import { claim } from "../../src/operation/actor.ts";
import { action } from "../../src/operation/online/action.ts";
import { makeToken, setUp } from "../auth/tokens.ts";
import { gate, type Served, serve } from "./http/app.ts";
import type { Ask } from "./http/client.ts";

const Full = fault("full", { code: "resource_exhausted", details: z.object({ left: z.int() }), message: "Full.", retryAfterMs: 3_000 });
const thing = z.object({ id: z.string(), count: z.int() });
const common = { output: thing, access: "public", budget: "5s", idempotent: "natural" } as const;
const operations = [
  action("t.get", {
    ...common,
    input: z.object({ id: z.string(), count: z.int().default(1), tags: z.array(z.string()).optional() }),
    http: "DELETE /things/{id}",
    run: async ({ id, count }) => ({ id, count }),
  }),
  action("t.put", {
    ...common,
    input: z.object({ id: z.string(), version: z.int() }),
    http: { route: "PUT /things/{id}", ifMatch: "version", etag: ({ count }) => count, location: ({ id }) => `/things/${id}` },
    run: async ({ id, version }) => ({ id, count: version + 1 }),
  }),
  action("t.post", { ...common, input: thing, http: "POST /things", run: async (input) => input }),
  action("t.empty", { ...common, input: z.object({}), output: z.object({}), http: "POST /empty", run: async () => ({}) }),
  action("t.full", { ...common, input: z.object({}), faults: [Full], http: "POST /full", run: async () => fail(Full, { left: 0 }) }),
  action("t.bug", {
    ...common,
    input: z.object({}),
    http: "POST /bug",
    run: async () => {
      throw new TypeError("inside");
    },
  }),
  action("t.own", {
    ...common,
    access: signedIn(),
    input: z.object({}),
    http: "POST /own",
    run: async (_, { actor, tenant }) => ({ id: `${tenant}/${actor.id}`, count: 0 }),
  }),
];

const good = makeToken();
const json = { "content-type": "application/json" };
const table: readonly (readonly [line: `${string} ${string}`, ask?: Ask])[] = [
  ["DELETE /things/a"],
  ["DELETE /things/a%2Fb?count=3&tags=x&tags=y"],
  ["DELETE /things/a?count=x"],
  ["DELETE /things/a?count=1&count=2"],
  ["DELETE /things/"],
  ["DELETE /things/a/"],
  [`DELETE /things/a?tags=${"a".repeat(9_000)}`],
  ["GET /things/a"],
  ["HEAD /things/a"],
  ["GET /nowhere"],
  ["OPTIONS /things/a"],
  ["OPTIONS /nowhere"],
  ["GET /openapi.json"],
  ["PUT /things/a"],
  ["PUT /things/a", { headers: { "if-match": '"3"' } }],
  ["PUT /things/a", { headers: { "if-match": 'W/"3"' } }],
  ["PUT /things/a", { headers: { "if-match": '"3"', "if-none-match": '"4"' } }],
  ["POST /things", { body: { id: "a", count: 1 } }],
  ["POST /things", { body: { id: "é名", count: 1, more: true } }],
  ["POST /things", { body: { id: 1 } }],
  ["POST /things"],
  ["POST /things", { body: "{" }],
  ["POST /things", { body: '{"id":"a","id":"b","count":1}' }],
  ["POST /things", { body: '{"__proto__":{}}' }],
  ["POST /things", { body: "[".repeat(1_000) }],
  ["POST /things", { body: Buffer.from([0x22, 0xff, 0x22]) }],
  ["POST /things", { body: "id=a", headers: { "content-type": "application/x-www-form-urlencoded" } }],
  ["POST /things", { body: "{}", headers: { "content-encoding": "gzip" } }],
  ["POST /things", { body: JSON.stringify({ id: "a".repeat(3_000), count: 1 }) }],
  ["POST /empty", { body: {} }],
  ["POST /full"],
  ["POST /bug"],
  ["POST /own"],
  ["POST /own", { headers: { authorization: `Bearer ${good}` } }],
  ["POST /own", { headers: { authorization: `Bearer ${good}x` } }],
  ["POST /own", { headers: { authorization: "Basic eA==" } }],
  ["POST /empty", { headers: { authorization: "Bearer x.y.z" } }],
  ["POST /empty", { headers: { "plimsoll-deadline-ms": "0" } }],
];

/** Sends a request both ways, and compares what comes back. */
async function sameOnBoth(served: Served, line: string, { headers = {}, body }: Ask): Promise<Response> {
  const [method = "", target = ""] = line.split(" ");
  const ids = { ...headers, "x-request-id": "same" };
  const bytes =
    body === undefined
      ? {}
      : { body: body instanceof Uint8Array ? new Uint8Array(body) : typeof body === "string" ? body : JSON.stringify(body) };
  const over = await served.ask(method, target, {
    headers: { ...(body !== undefined && json), ...ids },
    ...(body !== undefined && { body }),
  });
  const url = `http://127.0.0.1:${served.port}${target}`;
  const given = await served.app.fetch(new Request(url, { method, headers: { ...(body !== undefined && json), ...ids }, ...bytes }));
  const text = await given.text();
  assert.equal(given.status, over.status);
  // How long it took is no part of the answer.
  const plain = (one: string) => one.replace(/"load":\d+/, '"load":0');
  assert.equal(plain(text), plain(over.body));
  // What belongs to the connection is for the owner of the connection.
  const { "content-length": _, connection: __, date: ___, "keep-alive": ____, ...rest } = over.headers;
  assert.deepEqual(Object.fromEntries(given.headers), rest);
  return given;
}

const documents: readonly (readonly [line: string, status: number])[] = [
  ["GET /openapi.json", 200],
  ["HEAD /openapi.json", 200],
  ["GET /asyncapi.json", 404],
  ["GET /docs?any=thing", 200],
  ["HEAD /docs", 200],
  ["OPTIONS /docs", 204],
  ["POST /docs", 405],
  ["GET /docs/", 404],
];

describe("app.fetch", () => {
  let served: Served;
  before(async () => {
    const { authenticator: authentication } = setUp();
    served = await serve(operations, { authentication, tenancy: claim("tid"), http: { limits: { bodyBytes: 2_000 } } });
  });
  after(() => served[Symbol.asyncDispose]());

  for (const [line, request = {}] of table)
    it(`answers ${line.slice(0, 60)} ${JSON.stringify(request).slice(0, 60)} as the socket does`, async () =>
      void (await sameOnBoth(served, line, request)));

  it("reads no more of a body than is allowed, and lets go of what it will not read", async () => {
    const cancelled = gate<unknown>();
    let pulled = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        pulled += 1_000;
        controller.enqueue(new Uint8Array(1_000));
      },
      cancel: cancelled.open,
    });
    const request = new Request("http://test/things", { method: "POST", headers: json, body, duplex: "half" } as RequestInit);
    assert.equal((await served.app.fetch(request)).status, 413);
    await cancelled.opened;
    assert.ok(pulled <= 5_000, `${pulled} bytes were taken`);
  });

  it("ends a body that never ends with the deadline", async () => {
    const cancelled = gate<unknown>();
    const body = new ReadableStream({ cancel: cancelled.open });
    const headers = { ...json, "plimsoll-deadline-ms": "50" };
    const request = new Request("http://test/things", { method: "POST", headers, body, duplex: "half" } as RequestInit);
    assert.equal((await served.app.fetch(request)).status, 504);
    await cancelled.opened;
    assert.equal(runtimeOf(served.app).inFlight, 0);
  });

  it("cancels the work when the request is aborted", async () => {
    const begun = gate();
    const waits = action("t.waits", {
      ...common,
      input: z.object({}),
      http: "POST /waits",
      run: (_, { signal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          begun.open();
        }),
    });
    await using own = await serve([waits], { http: { port: false } });
    const client = new AbortController();
    const executed = own.executed(waits);
    const answer = own.app.fetch(new Request("http://test/waits", { method: "POST", signal: client.signal }));
    await begun.opened;
    client.abort();
    const { outcome, surface } = await executed;
    assert.deepEqual([outcome, surface], ["cancelled", "fetch"]);
    assert.equal((await answer).status, 499);
  });

  it("shows the documents where the configuration allows them, as the socket does", async () => {
    await using shown = await serve(operations, { http: { documents: true } });
    for (const [line, status] of documents) assert.equal((await sameOnBoth(shown, line, {})).status, status, line);
    // Without a port as well.
    await using alone = await serve(operations, { http: { port: false, documents: true } });
    const given = await alone.app.fetch(new Request("http://test/openapi.json"));
    assert.ok("/things" in ((await given.json()) as { paths: object }).paths);
  });

  it("says what to do before the start and after the stop", async () => {
    const own = await serve(operations, { http: { port: false } });
    await own.app.stop();
    await assert.rejects(own.app.fetch(new Request("http://test/empty", { method: "POST" })), /has stopped/);
  });
});
