import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { readCookies } from "../../../src/http/fields/cookie-text.ts";
import { listItems } from "../../../src/http/fields/list-text.ts";
import { ReplyFields } from "../../../src/http/fields/reply-fields.ts";
import { action } from "../../../src/operation/online/action.ts";
import type { CookieSpec } from "../../../src/operation/online/http-head.ts";
import { serve } from "../http/app.ts";

const output = z.object({
  text: z.string(),
  total: z.int().optional(),
  tags: z.array(z.string()).optional(),
  basket: z.string().nullable().optional(),
});
const common = { input: output, output, access: "public", idempotent: "natural", budget: "5s" } as const;
const fields = { responseHeaders: { total: "X-Total", tags: "X-Tags" }, responseCookies: { basket: { name: "b", maxAge: "1h" } } } as const;
const sent = action("t.sent", {
  ...common,
  http: { route: "POST /sent", ...fields, etag: ({ text }) => text.length },
  run: async (values) => values,
});
const silent = action("t.silent", {
  ...{ ...common, output: z.strictObject({ total: z.int() }) },
  http: { route: "POST /silent", responseHeaders: { total: "X-Total" } },
  run: async ({ total = 0 }) => ({ total }),
});
const cookie = (value: string, rest = "; Max-Age=3600") => `b=${value}; Path=/${rest}; Secure; HttpOnly; SameSite=Lax`;

describe("headers and cookies of the response", () => {
  const cases: readonly (readonly [given: object, total: string | null, tags: string | null, cookie: string | null])[] = [
    [{ text: "a" }, null, null, null],
    [{ text: "a", total: 3 }, "3", null, null],
    [{ text: "a", tags: ["x", "y z", 'say "hi", you', ""] }, null, 'x, "y z", "say \\"hi\\", you", ""', null],
    [{ text: "a", basket: "7" }, null, null, cookie("7")],
    [{ text: "a", basket: "é; x\r\nset-cookie: y=1" }, null, null, cookie("%C3%A9%3B%20x%0D%0Aset-cookie%3A%20y%3D1")],
    [{ text: "a", basket: null }, null, null, cookie("", "; Max-Age=0")],
    [{ text: "a", basket: "" }, null, null, cookie("")],
  ];
  for (const [given, ...expected] of cases)
    it(`${JSON.stringify(given)} over a connection and by fetch`, async () => {
      await using served = await serve([sent]);
      const ask = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(given) };
      const overWire = await fetch(`http://127.0.0.1:${served.port}/sent`, ask);
      for (const response of [overWire, await served.app.fetch(new Request("http://test/sent", ask))]) {
        assert.equal(response.status, 200);
        const found = ["x-total", "x-tags", "set-cookie"].map((name) => response.headers.get(name));
        assert.deepEqual(found, expected);
        assert.deepEqual(await response.json(), { text: "a" });
        assert.equal(response.headers.get("etag"), '"1"');
      }
    });

  for (const [why, given] of [
    ["a header with a line break", { tags: ["a\r\nset-cookie: x=1"] }],
    ["a header that is not ASCII", { tags: ["é"] }],
    ["a header that is too long", { tags: ["a".repeat(5_000)] }],
    ["a cookie that is too long", { basket: "a".repeat(4_096) }],
  ] as const)
    it(`${why} is a bug of the operation`, async () => {
      await using served = await serve([sent]);
      const ask = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ text: "a", ...given }) };
      const response = await served.app.fetch(new Request("http://test/sent", ask));
      assert.equal(response.status, 500);
      assert.equal(response.headers.get("set-cookie"), null);
    });

  it("an output of which nothing is in the body is 204", async () => {
    await using served = await serve([silent]);
    const ask = { method: "POST", headers: { "content-type": "application/json" }, body: '{"text":"a","total":4}' };
    const response = await fetch(`http://127.0.0.1:${served.port}/silent`, ask);
    assert.deepEqual([response.status, response.headers.get("x-total"), await response.text()], [204, "4", ""]);
  });

  it("are in the document, and not in its body", async () => {
    await using served = await serve([sent, silent], { http: { documents: true } });
    const document = (await (await served.app.fetch(new Request("http://test/openapi.json"))).json()) as Document;
    const { headers, content } = document.paths["/sent"]!.post.responses["200"]!;
    assert.deepEqual(headers["X-Total"]?.schema.type, "integer");
    assert.match(headers["Set-Cookie"]?.description ?? "", /`b`/);
    const schema = content["application/json"]!.schema;
    const shown = schema.properties ?? document.components.schemas[schema.$ref?.split("/").at(-1) ?? ""]?.properties;
    assert.deepEqual(Object.keys(shown ?? {}), ["text"]);
    assert.ok("204" in document.paths["/silent"]!.post.responses);
  });

  it("pages of other origins may send and read them", async () => {
    const reading = action("t.reading", {
      ...common,
      http: { route: "POST /reading", ...fields, headers: { text: "X-Text" } },
      run: async (values) => values,
    });
    await using served = await serve([reading], { http: { cors: { origins: ["https://a.example"] } } });
    const headers = { origin: "https://a.example", "x-text": "a", "access-control-request-method": "POST" };
    const preflight = await served.app.fetch(new Request("http://test/reading", { method: "OPTIONS", headers }));
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /, x-text$/);
    const response = await served.app.fetch(new Request("http://test/reading", { method: "POST", headers }));
    assert.match(response.headers.get("access-control-expose-headers") ?? "", /, x-total, x-tags$/);
  });

  const refused: readonly (readonly [field: string, http: object])[] = [
    ["http.responseHeaders.nothing", { responseHeaders: { nothing: "X-A" } }],
    ["http.responseHeaders.total", { responseHeaders: { total: "Content-Length" } }],
    ["http.responseHeaders.total", { responseHeaders: { total: "Set-Cookie" } }],
    ["http.responseHeaders.total", { responseHeaders: { total: "X A" } }],
    ["http.responseCookies.tags", { responseCookies: { tags: "tags" } }],
    ["http.responseCookies.total", { responseHeaders: { total: "X-T" }, responseCookies: { total: "t" } }],
    ["http.responseCookies.total", { responseCookies: { total: { name: "__Host-t", domain: "example.com" } } }],
    ["http.responseCookies.total", { responseCookies: { total: { name: "__Secure-t", secure: false } } }],
    ["http.responseCookies.total", { responseCookies: { total: { name: "t", sameSite: "none", secure: false } } }],
    ["http.responseCookies.total", { responseCookies: { total: { name: "t", path: "/;x" } } }],
    ["http.responseCookies.total", { responseCookies: { total: { name: "t", maxAge: "401d" } } }],
    ["http.responseCookies.total", { responseCookies: { total: { name: "t;" } } }],
  ];
  for (const [field, http] of refused)
    it(`an app does not start with ${field} of ${JSON.stringify(http)}`, async () => {
      const operation = action("t.refused", { ...common, http: { route: "POST /r", ...http }, run: async (values) => values });
      await assert.rejects(
        async () => {
          await using _ = await serve([operation]);
        },
        (error: Error) => error.message.includes(field),
      );
    });

  it("what is sent as a cookie or a list is read as it was", () => {
    const spec: CookieSpec = {
      name: "b",
      httpOnly: false,
      secure: false,
      sameSite: "strict",
      partitioned: true,
      domain: "example.com",
      path: "/a",
    };
    const fieldsOfAll = new ReplyFields("t.x", {
      route: "POST /x",
      responseHeaders: { tags: "X-Tags" },
      responseCookies: { basket: spec },
    });
    const text = fc.string({ unit: "binary", maxLength: 60 }).filter((value) => value.isWellFormed());
    const ascii = fc.array(fc.stringMatching(/^[\x20-\x7e]*$/), { maxLength: 5 });
    fc.assert(
      fc.property(text, ascii, (basket, tags) => {
        const [, list = "", , line = ""] = fieldsOfAll.write({ basket, tags });
        assert.deepEqual(listItems(list), tags);
        assert.match(line, /^b=[!-:<-~]*; Path=\/a; Domain=example\.com; SameSite=Strict; Partitioned$/);
        assert.equal(readCookies([line], new Set(["b"])).get("b"), basket);
      }),
    );
  });
});

interface Success {
  headers: Record<string, { schema: { type: string }; description?: string }>;
  content: Record<string, { schema: { properties?: object; $ref?: string } }>;
}
interface Document {
  components: { schemas: Record<string, { properties: object }> };
  paths: Record<string, { post: { responses: Record<string, Success> } }>;
}
