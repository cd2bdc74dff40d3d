import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { Alternatives } from "../../../src/http/negotiation/alternatives.ts";
import { action } from "../../../src/operation/online/action.ts";
import { command } from "../../../src/operation/online/command.ts";
import { query } from "../../../src/operation/online/query.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { serve } from "../http/app.ts";

const input = z.object({ bad: z.stringbool().optional() });
const output = z.object({ name: z.string(), bad: z.boolean().optional() });
const common = { input: z.object({}), output, access: "public", budget: "5s" } as const;
const csv = { type: "text/csv", name: () => "list.csv", text: ({ name }: { name: string }) => `name\r\n${name}\r\n` } as const;
const xml = { type: "application/xml", text: () => "<list/>" } as const;
const list = query("t.list", {
  ...common,
  http: { route: "GET /list", alternatives: [csv, xml], etag: () => 3, cacheControl: { maxAge: "1m" } },
  run: async () => ({ name: "Ada" }),
});
const broken = query("t.broken", {
  ...{ ...common, input },
  http: { route: "GET /broken", alternatives: [{ type: "text/csv", text: () => 7 as never }] },
  run: async () => ({ name: "Ada" }),
});
const database = { open: () => new MemoryDatabase() };
const json = ["application/json", '{"name":"Ada"}', '"3"'] as const;
const asCsv = ["text/csv; charset=utf-8", "name\r\nAda\r\n", 'W/"3"'] as const;
const asXml = ["application/xml", "<list/>", 'W/"3"'] as const;

describe("forms of an output", () => {
  const cases: readonly (readonly [accept: string | undefined, expected: readonly [type: string, body: string, etag: string] | 406])[] = [
    [undefined, json],
    ["*/*", json],
    ["", json],
    ["text/csv", asCsv],
    ["TEXT/CSV", asCsv],
    ["text/*", asCsv],
    ["text/csv, application/json", json],
    ["text/csv, application/json;q=0.9", asCsv],
    ["application/xml;q=0.5, */*;q=0.1", asXml],
    ["application/*;q=0.5, text/csv;q=0.4", json],
    ["application/json;q=0, application/*", asXml],
    ["text/csv;q=0, */*", json],
    ["text/csv;q=0, application/json;q=0, application/xml;q=0, */*", 406],
    ["image/png", 406],
    ["nonsense", 406],
  ];
  for (const [accept, expected] of cases)
    it(`Accept: ${accept} gets ${expected === 406 ? 406 : expected[0]}`, async () => {
      await using served = await serve([list], { database });
      const headers: Record<string, string> = accept === undefined ? {} : { accept };
      const { status, headers: got, body } = await served.ask("GET", "/list", { headers });
      if (expected === 406) {
        assert.deepEqual([status, JSON.parse(body).type], [406, "urn:plimsoll:not_acceptable"]);
        assert.deepEqual(JSON.parse(body).details, { types: ["application/json", "text/csv", "application/xml"] });
        return;
      }
      assert.deepEqual([status, got["content-type"], body, got.etag], [200, ...expected]);
      assert.equal(got.vary, "Cookie, Authorization, Accept");
      const again = await served.ask("GET", "/list", { headers: { ...headers, "if-none-match": '"3"' } });
      assert.deepEqual([again.status, again.headers.etag], [304, expected[2]]);
      if (accept === undefined) return;
      const direct = await served.app.fetch(new Request("http://test/list", { headers: { accept } }));
      assert.deepEqual([direct.headers.get("content-type"), await direct.text()], [expected[0], expected[1]]);
    });

  it("one that cannot be made is a bug of the operation, and JSON stays", async () => {
    await using served = await serve([broken], { database });
    assert.equal((await served.ask("GET", "/broken", { headers: { accept: "text/csv" } })).status, 500);
    assert.equal((await served.ask("GET", "/broken")).status, 200);
  });

  it("are in the document", async () => {
    await using served = await serve([list], { database, http: { documents: true } });
    const document = (await (await served.app.fetch(new Request("http://test/openapi.json"))).json()) as Document;
    const { responses } = document.paths["/list"]!.get;
    assert.deepEqual(Object.keys(responses["200"]!.content), ["application/json", "text/csv", "application/xml"]);
    assert.ok("406" in responses);
  });

  const refused: readonly (readonly [why: string, http: object])[] = [
    ["a type that is none", { alternatives: [{ ...csv, type: "text/csv; charset=utf-8" }] }],
    ["a type twice", { alternatives: [csv, csv] }],
    ["JSON", { alternatives: [{ ...csv, type: "application/json" }] }],
    ["a file beside them", { alternatives: [csv], file: xml }],
    ["no body", { alternatives: [csv], status: 204 }],
    ["fields elsewhere", { alternatives: [csv], responseHeaders: { name: "X-Name" } }],
  ];
  for (const [why, http] of refused)
    it(`an app does not start with ${why}`, () =>
      refusesToStart(
        action("t.a", { ...common, idempotent: "natural", http: { route: "POST /a", ...http }, run: async () => ({ name: "" }) }),
      ));
  it("an app does not start with forms of what a command returns", () =>
    refusesToStart(
      command("t.c", {
        ...common,
        idempotent: "natural",
        http: { route: "POST /c", alternatives: [csv] },
        run: async () => ({ name: "" }),
      }),
    ));

  it("any header chooses one form or none", () => {
    const forms = new Alternatives([csv as never, xml as never]);
    const range = fc.constantFrom("text/csv", "text/*", "*/*", "application/json", "application/xml", "image/png", "a/b/c", "");
    const parts = fc.array(fc.tuple(range, fc.oneof(fc.double({ min: 0, max: 1 }), fc.string())), { maxLength: 80 });
    fc.assert(
      fc.property(parts, (given) => {
        const accept = given.map(([type, quality]) => `${type};q=${quality}`).join(",");
        try {
          const form = forms.chosen(accept);
          assert.ok(form === undefined || accept.includes("*") || accept.includes(form.type));
        } catch (error) {
          assert.equal((error as { type?: string }).type, "not_acceptable");
        }
      }),
    );
  });
});

function refusesToStart(operation: Parameters<typeof serve>[0][number]): Promise<void> {
  return assert.rejects(
    async () => {
      await using _ = await serve([operation], { database });
    },
    (error: Error) => error.message.includes("http.alternatives"),
  );
}

interface Document {
  paths: Record<string, { get: { responses: Record<string, { content: object }> } }>;
}
