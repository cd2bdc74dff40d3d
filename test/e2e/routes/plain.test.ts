import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import { fault } from "../../../src/core/fault.ts";
import { limits } from "../../../src/core/limits.ts";
import { read } from "../../../src/http/web/response.ts";
import { role } from "../../../src/operation/access.ts";
import { authenticator, badCredential } from "../../../src/operation/actor.ts";
import { query } from "../../../src/operation/online/query.ts";
import { rateLimit } from "../../../src/operation/online/rate.ts";
import { route } from "../../../src/operation/online/route.ts";
import { openApiDocument } from "../../../src/surface/openapi.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { gate, type Served, serve } from "../http/app.ts";

const open = { access: "public", budget: "5s" } as const;
const Gone = fault("gone", { code: "not_found", message: "It is gone." });
const bytes = (length: number) => Buffer.alloc(length, 7);

const price = query("t.price", { ...open, input: z.object({}), output: z.object({ cents: z.int() }), run: async () => ({ cents: 7 }) });
const echo = route("POST /echo/{id}", { ...open, name: "t.echo", bodyBytes: 100_000 }, async (request, { params, call }) => {
  const url = new URL(request.url);
  const { cents } = await call(price, {});
  const seen = {
    method: request.method,
    path: url.pathname,
    q: url.searchParams.getAll("q"),
    params,
    x: request.headers.get("x-in"),
    cents,
  };
  const body = await request.text();
  return new Response(JSON.stringify({ ...seen, length: body.length }), {
    status: 201,
    headers: { "x-out": "1", "content-type": "text/x" },
  });
});
const own = route("GET /own", { ...open, name: "t.own" }, () => {
  const headers = new Headers({
    "cache-control": "public, max-age=9",
    connection: "x-out",
    "transfer-encoding": "gzip",
    "x-request-id": "theirs",
  });
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  return new Response("own", { headers });
});
const nothing = route("DELETE /nothing", { ...open, name: "t.nothing" }, () => new Response(null, { status: 204 }));
const broken: Record<string, () => unknown> = {
  throws: () => {
    throw new RangeError("the secret reason");
  },
  text: () => "not a response",
  none: () => undefined,
  failed: () => Response.error(),
  used: async () => {
    const response = new Response("x");
    await response.text();
    return response;
  },
  text_pieces: () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue("no bytes" as never) })),
};
const breaks = route("GET /broken/{how}", { ...open, name: "t.broken" }, (_, { params }) => broken[params.how ?? ""]?.() as Response);
const declared = route("GET /gone", { ...open, name: "t.gone", faults: [Gone] }, (_, { fail }) => fail(Gone, {}));
const staff = route("GET /staff", { name: "t.staff", access: role("staff"), budget: "5s" }, (_, { actor }) => new Response(actor.kind));
const late = route("GET /late", { ...open, budget: "40ms", name: "t.late" }, () => new Promise<Response>(() => undefined));
let afterDeadline = gate<{ readonly release: () => void; readonly cancelled: Promise<void> }>();
const overdue = route("GET /overdue", { ...open, budget: "40ms", name: "t.overdue" }, async () => {
  const [released, cancelled] = [gate(), gate()];
  afterDeadline.open({ release: () => released.open(), cancelled: cancelled.opened });
  await released.opened;
  return new Response(new ReadableStream({ cancel: () => cancelled.open() }), { headers: { "x-late": "1" } });
});
const [entered, hold] = [gate(), gate()];
const one = route("GET /one", { ...open, budget: { deadline: "30s", concurrency: 1, queue: 0 }, name: "t.one" }, async (request) => {
  if (!request.url.endsWith("?wait")) return new Response("free");
  entered.open();
  await hold.opened;
  return new Response("held");
});
const rated = route(
  "GET /rated",
  { ...open, name: "t.rated", budget: { deadline: "5s", rate: rateLimit({ per: "address", limit: 1, period: "1h" }) } },
  () => new Response("ok"),
);
let cancelled = gate();
let pulled = 0;
const endless = route(
  "GET /endless",
  { ...open, name: "t.endless" },
  () =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          pulled++;
          controller.enqueue(bytes(16_384));
        },
        cancel: () => cancelled.open(),
      }),
    ),
);

const people = authenticator({
  authenticate: (token) => {
    if (token !== "boss") badCredential("It is unknown.");
    return { kind: "user", id: "boss", roles: ["staff"], tenant: undefined, claims: {} };
  },
});

interface Described {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody: { readonly content: { readonly "*/*": { readonly schema: { readonly maxLength: number } } } };
  readonly responses: Readonly<Record<string, unknown>>;
  readonly "x-operation-kind": string;
}

describe("a plain route", () => {
  let served: Served;
  before(async () => {
    const operations = [price, echo, own, nothing, breaks, declared, staff, late, overdue, one, rated, endless];
    served = await serve(operations, { development: false, authentication: people, database: { open: () => new MemoryDatabase() } });
  });
  after(() => served[Symbol.asyncDispose]());

  const both = async (path: string, init: RequestInit = {}) => [
    await fetch(`http://127.0.0.1:${served.port}${path}`, init),
    await served.app.fetch(new Request(`http://t${path}`, init)),
  ];

  it("gets the request and returns the response, over a connection and by fetch", async () => {
    const init = { method: "POST", body: bytes(70_000), headers: { "x-in": "7" } };
    for (const response of await both("/echo/a%20b?q=1&q=%C3%A9", init)) {
      assert.deepEqual([response.status, response.headers.get("x-out"), response.headers.get("content-type")], [201, "1", "text/x"]);
      const seen = { method: "POST", path: "/echo/a%20b", q: ["1", "é"], params: { id: "a b" }, x: "7", cents: 7, length: 70_000 };
      assert.deepEqual(await response.json(), seen);
      assert.equal(response.headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    }
  });

  it("has its own headers, where the connection and the platform leave them to it", async () => {
    for (const response of await both("/own")) {
      assert.equal(response.headers.get("cache-control"), "public, max-age=9");
      assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
      assert.notEqual(response.headers.get("x-request-id"), "theirs");
      assert.notEqual(response.headers.get("connection"), "x-out");
      assert.equal(await response.text(), "own");
    }
  });

  it("has no body for HEAD and for 204", async () => {
    for (const response of await both("/own", { method: "HEAD" })) assert.deepEqual([response.status, await response.text()], [200, ""]);
    for (const response of await both("/nothing", { method: "DELETE" }))
      assert.deepEqual([response.status, await response.text()], [204, ""]);
  });

  for (const how of Object.keys(broken))
    it(`that goes wrong (${how}) is one 500 without the reason`, async () => {
      const [response, direct] = await both(`/broken/${how}`);
      assert.equal(response?.status, 500);
      assert.ok(!(await response.text()).includes("secret reason"));
      // By then app.fetch has returned the head.
      if (how === "text_pieces") await assert.rejects(direct?.text() ?? Promise.resolve());
      else assert.equal(direct?.status, 500);
    });

  it("returns the faults that it declares", async () => {
    for (const response of await both("/gone"))
      assert.deepEqual([response.status, ((await response.json()) as { type: string }).type], [404, "urn:plimsoll:gone"]);
  });

  it("refuses a body above its bound, by its length and as it comes", async () => {
    for (const response of await both("/echo/1", { method: "POST", body: bytes(100_001) })) assert.equal(response.status, 413);
    const wire = await served.wire();
    wire.send("POST /echo/1 HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n");
    for (let sent = 0; sent < 7; sent++) wire.send(`4000\r\n${"x".repeat(0x4000)}\r\n`);
    assert.equal((await wire.next())?.status, 413);
    wire.close();
  });

  it("passes authentication and access", async () => {
    for (const response of await both("/staff")) assert.equal(response.status, 401);
    for (const response of await both("/staff", { headers: { authorization: "Bearer wrong" } })) assert.equal(response.status, 401);
    for (const response of await both("/staff", { headers: { authorization: "Bearer boss" } }))
      assert.deepEqual([response.status, await response.text()], [200, "user"]);
  });

  it("ends at its deadline, and is published as one execution", async () => {
    const executed = served.executed(late);
    assert.equal((await served.ask("GET", "/late")).status, 504);
    const { fault: why, facts } = await executed;
    assert.deepEqual([why?.code, facts?.title], ["deadline_exceeded", "GET /late"]);
  });

  it("that ends after its deadline is not sent, and what it would be read from is let go", async () => {
    for (const ask of [
      async () => (await served.ask("GET", "/overdue")).status,
      async () => (await served.app.fetch(new Request("http://t/overdue"))).status,
    ]) {
      afterDeadline = gate();
      const executed = served.executed(overdue);
      const status = ask();
      const { release, cancelled } = await afterDeadline.opened;
      assert.equal(await status, 504);
      assert.equal((await executed).fault?.code, "deadline_exceeded");
      release();
      await cancelled;
    }
  });

  it("has the slots and the rates of its budget", async () => {
    const ask = (path: string) => fetch(`http://127.0.0.1:${served.port}${path}`);
    const held = ask("/one?wait");
    await entered.opened;
    const refused = await served.ask("GET", "/one");
    assert.deepEqual([refused.status, refused.json.details.limit], [503, "t.one concurrency"]);
    hold.open();
    assert.equal(await (await held).text(), "held");
    assert.equal((await ask("/rated")).status, 200);
    const { status, headers } = await ask("/rated");
    assert.deepEqual([status, Number(headers.get("retry-after")) > 0], [429, true]);
  });

  it("is read no faster than its client reads, and cancelled when the client leaves", async () => {
    cancelled = gate();
    pulled = 0;
    const wire = await served.wire();
    wire.socket.pause();
    wire.send("GET /endless HTTP/1.1\r\nhost: t\r\n\r\n");
    await served.executed(endless);
    wire.close();
    await cancelled.opened;
    // What the system and the socket hold; without back-pressure it never ends.
    assert.ok(pulled * 16_384 < 64 * 1_048_576, `${pulled} pieces`);
  });

  it("cannot be called in the process", async () => {
    await assert.rejects(served.app.call(echo as never, {} as never), { type: "invalid_input" });
  });

  it("is in the document", () => {
    const { operations } = runtimeOf(served.app).registry;
    const { paths } = openApiDocument({ operations: operations.values(), service: { name: "t", version: "1" } });
    const { "/echo/{id}": echoed, "/gone": gone } = paths as Record<string, Record<string, Described>>;
    assert.deepEqual(
      echoed?.post?.parameters.map(({ name, in: place }) => [name, place]),
      [["id", "path"]],
    );
    assert.equal(echoed?.post?.requestBody.content["*/*"].schema.maxLength, 100_000);
    assert.deepEqual(
      ["2XX", "413", "503"].filter((status) => echoed?.post?.responses[status] === undefined),
      [],
    );
    assert.equal(gone?.get?.["x-operation-kind"], "plain-route");
  });
});

describe("the body of a Response", () => {
  const forever = () => new ReadableStream<unknown>({ pull: (controller) => controller.enqueue(bytes(1)) });

  it("ends when it has taken too long", async () => {
    const { signal } = new AbortController();
    await assert.rejects(async () => {
      for await (const _ of read(forever(), { signal, longestMs: -1 }));
    }, /did not end within/);
  });

  it("is cancelled while nothing of it comes", async () => {
    const [left, ended] = [new AbortController(), gate()];
    const body = new ReadableStream<unknown>({ cancel: () => ended.open() });
    const reading = read(body, { signal: left.signal, longestMs: limits.streamLongestMs }).next();
    left.abort();
    await assert.rejects(reading);
    await ended.opened;
  });
});
