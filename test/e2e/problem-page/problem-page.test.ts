import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { prefersHtml } from "../../../src/http/problem-page/accept.ts";
import { signedIn } from "../../../src/operation/access.ts";
import { action } from "../../../src/operation/online/action.ts";
import { chromium, Page } from "../browser.ts";
import { serve } from "../http/app.ts";

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
const common = { output: z.object({}), access: "public", idempotent: "natural", budget: "5s" } as const;
const operations = [
  action("t.count", { ...common, input: z.object({ count: z.int() }), http: "POST /count", run: async () => ({}) }),
  action("t.mine", { ...common, input: z.object({}), access: signedIn(), http: "POST /mine", run: async () => ({}) }),
  action("t.broken", {
    ...{ ...common, input: z.object({ text: z.string() }), http: "POST /broken" },
    run: async ({ text }) => Promise.reject(new TypeError(text)),
  }),
];

describe("a problem for people", () => {
  const cases: readonly (readonly [accept: string | undefined, isHtml: boolean])[] = [
    [undefined, false],
    ["*/*", false],
    [browser, true],
    ["text/html", true],
    ["TEXT/HTML;Q=0.5", true],
    ["text/html, application/json", false],
    ["text/html;q=0.8, application/json", false],
    ["text/html, application/json;q=0.9", true],
    ["text/html;q=0.7, */*;q=0.8", false],
    ["text/html;q=0.7, application/problem+json;q=0.2, */*;q=0.8", true],
    ["text/html;q=0", false],
    ["text/html;q=many", false],
    ["application/vnd.html", false],
  ];
  for (const [accept, isHtml] of cases) it(`${accept} is ${isHtml ? "HTML" : "JSON"}`, () => assert.equal(prefersHtml(accept), isHtml));

  it("any header is read", () =>
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assert.equal(typeof prefersHtml(`text/html,${text}`), "boolean");
      }),
    ));

  const asked: readonly (readonly [target: string, body: string | undefined, status: number, shown: string])[] = [
    ["/nowhere", undefined, 404, "No operation has the path /nowhere."],
    ["/nowhere/<script>", undefined, 404, "/nowhere/"],
    ["/count", '{"count":"x"}', 400, "<code>/count</code> Invalid input: expected number, received string"],
    ["/mine", "{}", 401, "Unauthenticated"],
    ["/count", "{", 400, "urn:plimsoll:malformed_json"],
  ];
  for (const [target, body, status, shown] of asked)
    it(`${target} with ${body} is ${status} over a connection and by fetch`, async () => {
      await using served = await serve(operations);
      const sent = { method: "POST", headers: { accept: browser, "content-type": "application/json" }, body: body ?? null };
      const overWire = await fetch(`http://127.0.0.1:${served.port}${target}`, sent);
      for (const response of [overWire, await served.app.fetch(new Request(`http://test${target}`, sent))]) {
        const text = await response.text();
        assert.equal(response.status, status);
        assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
        assert.equal(response.headers.get("vary"), "Accept");
        assert.match(response.headers.get("content-security-policy") ?? "", /^default-src 'none'; style-src 'sha256-[\w+/]+='; /);
        assert.ok(text.includes(shown), text);
        assert.ok(!text.includes("<script"));
        assert.ok(text.includes(response.headers.get("x-request-id") ?? "none"));
      }
    });

  it("a success is JSON whatever is asked for", async () => {
    await using served = await serve(operations);
    const sent = { method: "POST", headers: { accept: browser, "content-type": "application/json" }, body: '{"count":1}' };
    assert.equal((await served.app.fetch(new Request("http://test/count", sent))).status, 204);
  });

  it("is readable in a browser, which finds nothing to complain of", { skip: chromium === undefined && "no chromium" }, async () => {
    await using served = await serve(operations);
    await using page = await Page.open();
    await page.goto(`http://127.0.0.1:${served.port}/nowhere?<b>x</b>`);
    await page.until("document.querySelector('footer')");
    assert.match(await page.evaluate<string>("document.body.innerText"), /404\s*Not found\s+No operation has the path \/nowhere\./);
    assert.equal(await page.evaluate("getComputedStyle(document.querySelector('h1 span')).color"), "rgb(191, 63, 42)");
    assert.deepEqual(
      page.complaints.filter((text) => !text.includes("404")),
      [],
    );
  });
});
