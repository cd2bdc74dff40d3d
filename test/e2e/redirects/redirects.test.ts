import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { createApp } from "../../../src/app/app.ts";
import type { Fault } from "../../../src/core/fault.ts";
import { http } from "../../../src/http/http.ts";
import { isOrigin, staysWithin } from "../../../src/http/reply/redirect.ts";
import { module } from "../../../src/operation/module.ts";
import { action } from "../../../src/operation/online/action.ts";
import type { StartProblem } from "../../../src/pipeline/registry/problem.ts";
import { serve } from "../http/app.ts";

const pay = "https://pay.example.com";
const common = { access: "public", budget: "5s", idempotent: "natural" } as const;

/** An operation that redirects to what the caller says. */
const go = (status: number, spec: object = { location: ({ to }: { readonly to: string }) => to, redirectsTo: [pay] }) =>
  action("t.go", {
    ...common,
    input: z.object({ to: z.string() }),
    output: z.object({ to: z.string() }),
    http: { route: "POST /go", status, ...spec },
    run: async ({ to }) => ({ to }),
  });

const rows: readonly (readonly [to: string, location: string | undefined])[] = [
  ["/v1/orders/7", "/v1/orders/7"],
  ["orders?after=1#end", "orders?after=1#end"],
  [`${pay}/start?id=1`, `${pay}/start?id=1`],
  ["/é name", "/%C3%A9%20name"],
  ["/a\r\nset-cookie: a=b", "/a%0D%0Aset-cookie:%20a=b"],
  ["//evil.example", undefined],
  ["///evil.example", undefined],
  ["https://evil.example/", undefined],
  ["http:evil.example", undefined],
  ["https:evil.example", undefined],
  ["http://pay.example.com/", undefined],
  [`${pay}.evil.example/`, undefined],
  [`${pay}@evil.example/`, undefined],
  ["https://user:word@pay.example.com/", undefined],
  ["https://pay.example.com:444/", undefined],
  ["javascript:alert(1)", undefined],
  ["data:text/html,hi", undefined],
];

describe("redirects", () => {
  for (const status of [301, 302, 303, 307, 308])
    it(`goes to the location with ${status}, over a connection and by app.fetch`, async () => {
      await using served = await serve([go(status)]);
      const init = {
        ...{ method: "POST", headers: { "content-type": "application/json" }, redirect: "manual" as const },
        body: JSON.stringify({ to: "/there" }),
      } as const;
      for (const response of [
        await fetch(`http://127.0.0.1:${served.port}/go`, init),
        await served.app.fetch(new Request("http://test/go", init)),
      ]) {
        assert.deepEqual([response.status, response.headers.get("location")], [status, "/there"]);
        assert.deepEqual([await response.text(), response.headers.get("content-type")], ["", null]);
      }
    });

  it("stays on the origin of the request, or goes to a listed one", async () => {
    await using served = await serve([go(303)]);
    for (const [to, location] of rows) {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ to }) };
      const { status, headers } = await served.app.fetch(new Request("http://test/go", init));
      assert.deepEqual([status, headers.get("location") ?? undefined], location === undefined ? [500, undefined] : [303, location], to);
    }
  });

  it("never leaves for a host that a text of the caller names", () => {
    const piece = fc.constantFrom("/", "\\", ":", "@", "http", "https", "evil.example", "?", "#", "..", "\t", "one.invalid", "two.invalid");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom("http://shop.example", "https://shop.example"), (pieces, base) => {
        const reference = pieces.join("");
        if (staysWithin(reference, new Set())) assert.equal(new URL(reference, `${base}/v1/go`).origin, base, reference);
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes only origins as they are written", () => {
    const texts = [
      pay,
      "http://127.0.0.1:3000",
      `${pay}/`,
      `${pay}:443`,
      "https://PAY.example.com",
      "pay.example.com",
      "null",
      "*",
      "data:a",
    ];
    assert.deepEqual(texts.filter(isOrigin), [pay, "http://127.0.0.1:3000"]);
  });

  const location = () => "/";
  for (const [why, operation, field] of [
    ["a redirect without a target", go(303, {}), "http.location"],
    ["304, which is no redirect", go(304, { location }), "http.status"],
    ["300, which names no target", go(300, { location }), "http.status"],
    ["origins of a reply that does not redirect", go(201, { location, redirectsTo: [pay] }), "http.redirectsTo"],
    ["an origin with a path", go(303, { location, redirectsTo: [`${pay}/a`] }), "http.redirectsTo"],
  ] as const)
    it(`refuses ${why} at the start`, () => {
      const start = () => createApp({ modules: [module("t", { operations: [operation] })], surfaces: [http({ port: false })] });
      assert.throws(start, ({ details }: Fault<{ problems: readonly StartProblem[] }>) => {
        assert.deepEqual(
          details.problems.map((problem) => problem.field),
          [field],
        );
        return true;
      });
    });

  it("says in the document that it redirects, without a body", async () => {
    await using served = await serve([go(303)], { http: { documents: true } });
    const document = (await (await served.app.fetch(new Request("http://test/openapi.json"))).json()) as {
      readonly paths: Record<string, { readonly post: { readonly responses: Record<string, { headers: object; content?: object }> } }>;
    };
    const { headers, content } = document.paths["/go"]!.post.responses["303"]!;
    assert.deepEqual([Object.keys(headers).includes("Location"), content], [true, undefined]);
  });
});
