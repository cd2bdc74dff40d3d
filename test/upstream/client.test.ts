import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { fault } from "../../src/core/fault.ts";
import type { Refusal } from "../../src/upstream/request/request.ts";
import { faultOf, open, serve } from "./open-upstream.ts";

const Price = z.object({ cents: z.int() });
const json = { "content-type": "application/json" };

describe("a request", () => {
  it("is written by its parts, and its reply is read by its schema", async (t) => {
    const upstream = await serve(t, (_, response) =>
      response.writeHead(201, { ...json, "x-a": ["1", "2"] }).end('{"cents":1250,"more":1}'),
    );
    const { client, value } = open(t, `${upstream.url}/v2/`, { timeout: "5s", headers: { "x-api-key": "secret" } });
    const reply = await client.request({
      method: "POST",
      path: "/prices/{sku}",
      params: { sku: "a/b c" },
      query: { tag: ["x", "y&z"], none: undefined, n: 1 },
      input: Price,
      body: { cents: 1 },
      output: Price,
      idempotencyKey: "key-1",
      headers: { "X-B": "b" },
    });
    assert.deepEqual(reply.body, { cents: 1250 });
    assert.deepEqual([reply.status, reply.headers["x-a"], reply.attempts, reply.degraded], [201, "1, 2", 1, undefined]);
    const [{ method, url, body, rawHeaders }] = upstream.requests as [(typeof upstream.requests)[0]];
    assert.deepEqual([method, url, body], ["POST", "/v2/prices/a%2Fb%20c?tag=x&tag=y%26z&n=1", '{"cents":1}']);
    const headers = new Map(rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1]!] as const] : [])));
    assert.equal(headers.get("x-api-key"), "secret");
    assert.equal(headers.get("x-b"), "b");
    assert.equal(headers.get("idempotency-key"), "key-1");
    assert.equal(headers.get("content-type"), "application/json");
    assert.ok(Number(headers.get("request-timeout-ms")) > 4_000 && Number(headers.get("request-timeout-ms")) <= 5_000);
    assert.equal(value("plimsoll_upstream_requests_total", "ok"), 1);
    assert.equal(value("plimsoll_upstream_attempts_total", "ok"), 1);
  });

  it("reads text, bytes, or nothing", async (t) => {
    const upstream = await serve(t, (_, response) => response.end("grün"));
    const { client } = open(t, upstream.url, { timeout: "5s", connections: 1 });
    assert.equal((await client.request({ method: "GET", path: "/", output: "text" })).body, "grün");
    assert.deepEqual((await client.request({ method: "GET", path: "/", output: "bytes" })).body, Buffer.from("grün"));
    assert.equal((await client.request({ method: "GET", path: "/" })).body, undefined);
    assert.equal((await client.request({ method: "HEAD", path: "/", output: "text" })).body, "");
    assert.equal(upstream.connections, 1);
  });

  it("sends nothing of its own where it must not", async (t) => {
    const upstream = await serve(t, (_, response) => response.end());
    const { client } = open(t, upstream.url, { timeout: "5s", propagate: false });
    await client.request({ method: "GET", path: "/" });
    assert.deepEqual(
      upstream.requests[0]!.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()),
      ["host", "connection"],
    );
  });

  it("with a body that its schema refuses is not sent", async (t) => {
    const upstream = await serve(t, (_, response) => response.end());
    const { client } = open(t, upstream.url, { timeout: "5s", requestBytes: 20 });
    const send = (body: unknown) => faultOf(client.request({ method: "PUT", path: "/", input: Price, body: body as { cents: number } }));
    assert.deepEqual([(await send({ cents: "1" })).type, (await send({ cents: "1" })).code], ["upstream_request_invalid", "internal"]);
    assert.match((await faultOf(client.request({ method: "PUT", path: "/", body: "x".repeat(40) }))).message, /42 bytes/);
    assert.match((await faultOf(client.request({ method: "GET", path: "/", body: 1 }))).message, /a GET has no body/);
    assert.equal(upstream.requests.length, 0);
  });
});

describe("a reply that refuses", () => {
  const SoldOut = fault("sold_out", { code: "failed_precondition", message: "It is sold out." });
  const refused = ({ status, body }: Refusal) =>
    (body as { code?: string } | undefined)?.code === "gone" ? new SoldOut({}, { status }) : undefined;
  for (const [what, status, body, type] of [
    ["is the fault that the caller makes of it", 409, '{"code":"gone"}', "sold_out"],
    ["is upstream_refused where the caller makes none of it", 409, '{"code":"other"}', "upstream_refused"],
    ["is upstream_refused where it is no JSON", 404, "<html>", "upstream_refused"],
    [
      "is upstream_refused where its body is too large",
      409,
      JSON.stringify({ code: "gone", more: "x".repeat(70_000) }),
      "upstream_refused",
    ],
    ["is not the caller's to read where it is about a quota", 429, '{"code":"gone"}', "upstream_rate_limited"],
    ["is not the caller's to read where the upstream failed", 500, '{"code":"gone"}', "upstream_failed"],
  ] as const)
    it(what, async (t) => {
      const upstream = await serve(t, (_, response) => response.writeHead(status).end(body));
      const { client } = open(t, upstream.url, { timeout: "5s" });
      const thrown = await faultOf(client.request({ method: "GET", path: "/", output: Price, refused }));
      assert.equal(thrown.type, type);
    });
});

describe("a reply that is a failure", () => {
  const secret = "SECRET-OF-THE-UPSTREAM";
  for (const [status, type, code, own] of [
    [301, "upstream_redirected", "failed_precondition", 502],
    [400, "upstream_refused", "failed_precondition", 502],
    [404, "upstream_refused", "failed_precondition", 502],
    [429, "upstream_rate_limited", "resource_exhausted", 503],
    [500, "upstream_failed", "unavailable", undefined],
    [503, "upstream_failed", "unavailable", undefined],
  ] as const)
    it(`of ${status} is ${type}`, async (t) => {
      const upstream = await serve(t, (_, response) =>
        response.writeHead(status, { location: "/elsewhere", "retry-after": "7", "x-secret": secret }).end(secret),
      );
      const { client, value } = open(t, upstream.url, { timeout: "5s", connections: 1 });
      const fault = await faultOf(client.request({ method: "GET", path: "/", output: Price }));
      assert.deepEqual([fault.type, fault.code, fault.status], [type, code, own]);
      assert.deepEqual(fault.details, { upstream: "prices", status });
      assert.equal(fault.retryAfterMs, status === 429 || status >= 500 ? 7_000 : undefined);
      assert.ok(!`${JSON.stringify(fault)}${fault.message}`.includes(secret), "what the upstream said is in the fault");
      assert.equal(upstream.requests.length, 1);
      assert.equal(value("plimsoll_upstream_attempts_total", type), 1);
      // Its body was read, so that its connection is used again.
      await faultOf(client.request({ method: "GET", path: "/" }));
      assert.equal(upstream.connections, 1);
    });

  for (const [what, type, body, headers, code] of [
    ["that does not fit its schema", "upstream_reply_invalid", `{"cents":"${secret}"}`, json, "failed_precondition"],
    ["that is no JSON", "upstream_reply_malformed", `{"cents":${secret}`, json, "unavailable"],
    ["of another type", "upstream_reply_malformed", secret, { "content-type": "text/html" }, "unavailable"],
    ["that is packed", "upstream_reply_malformed", secret, { ...json, "content-encoding": "gzip" }, "unavailable"],
    ["with a key that poisons", "upstream_reply_malformed", '{"cents":1,"__proto__":{"a":1}}', json, "unavailable"],
  ] as const)
    it(`${what} is ${type}`, async (t) => {
      const upstream = await serve(t, (_, response) => response.writeHead(200, headers).end(body));
      const { client } = open(t, upstream.url, { timeout: "5s" });
      const fault = await faultOf(client.request({ method: "GET", path: "/", output: Price }));
      assert.deepEqual([fault.type, fault.code, fault.status], [type, code, 502]);
      assert.ok(!`${JSON.stringify(fault)}${fault.message}`.includes(secret), "what the upstream said is in the fault");
    });
});

describe("the size of a reply", () => {
  it("is bounded by what it declares, and by what comes", async (t) => {
    const upstream = await serve(t, (request, response) => {
      if (request.url === "/declared") response.writeHead(200, { "content-length": "2000" });
      response.end("x".repeat(request.url === "/fits" ? 1_000 : 2_000));
    });
    const { client } = open(t, upstream.url, { timeout: "5s", replyBytes: 1_000 });
    assert.equal((await client.request({ method: "GET", path: "/fits", output: "text" })).body.length, 1_000);
    for (const path of ["/declared", "/chunked"]) {
      const fault = await faultOf(client.request({ method: "GET", path, output: "text" }));
      assert.deepEqual(
        [fault.type, fault.status, fault.details],
        ["upstream_reply_too_large", 502, { upstream: "prices", what: "body", limit: 1_000 }],
      );
    }
  });

  it("of its headers too", async (t) => {
    const upstream = await serve(t, (_, response) => response.writeHead(200, { "x-long": "x".repeat(2_000) }).end());
    const { client } = open(t, upstream.url, { timeout: "5s", replyHeaderBytes: 1_024 });
    const fault = await faultOf(client.request({ method: "GET", path: "/" }));
    assert.deepEqual([fault.type, fault.details], ["upstream_reply_too_large", { upstream: "prices", what: "headers", limit: 1_024 }]);
  });

  it("of a failure is not the caller's concern: the connection is closed", async (t) => {
    const upstream = await serve(t, (_, response) => response.writeHead(500).end("x".repeat(200_000)));
    const { client } = open(t, upstream.url, { timeout: "5s", connections: 1 });
    assert.equal((await faultOf(client.request({ method: "GET", path: "/" }))).type, "upstream_failed");
    assert.equal((await faultOf(client.request({ method: "GET", path: "/" }))).type, "upstream_failed");
    assert.equal(upstream.connections, 2);
  });
});
