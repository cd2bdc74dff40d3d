import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { limits } from "../../../src/core/limits.ts";
import { readCookies } from "../../../src/http/fields/cookie-text.ts";
import { listItems } from "../../../src/http/fields/list-text.ts";
import { action } from "../../../src/operation/online/action.ts";
import { serve } from "../http/app.ts";

const input = z.object({
  count: z.int().optional(),
  tags: z.array(z.string()),
  sizes: z.array(z.int()).optional(),
  theme: z.string().optional(),
  visits: z.int().optional(),
  note: z.string().optional(),
});
const common = { output: z.object({ got: z.string() }), access: "public", idempotent: "natural", budget: "5s" } as const;
const fields = { headers: { count: "X-Count", tags: "X-Tags", sizes: "X-Sizes" }, cookies: { theme: "theme", visits: "visits" } };
const posted = action("t.posted", {
  ...{ ...common, input, http: { route: "POST /posted", ...fields } },
  run: async (values) => ({ got: JSON.stringify(values) }),
});
const deleted = action("t.deleted", {
  ...{ ...common, input, http: { route: "DELETE /deleted", ...fields } },
  run: async (values) => ({ got: JSON.stringify(values) }),
});
const blind = action("t.blind", {
  ...{ ...common, input: z.object({}), http: "POST /blind" },
  run: async (values) => ({ got: JSON.stringify(values) }),
});

type Lines = readonly (readonly [name: string, value: string])[];
const jar = (count: number) => Array.from({ length: count }, (_, i) => `c${i}=1`).join("; ");

describe("headers and cookies as input", () => {
  const cases: readonly (readonly [name: string, lines: Lines, body: object, expected: object | number])[] = [
    ["nothing is nothing, and a needed list is empty", [], {}, { tags: [] }],
    [
      "texts become the types of the schema",
      [
        ["X-Count", "7"],
        ["x-sizes", "1, 2"],
      ],
      {},
      { count: 7, tags: [], sizes: [1, 2] },
    ],
    [
      "lines of a list are one list",
      [
        ["x-tags", "a, b"],
        ["X-TAGS", '"c, d",,e'],
      ],
      {},
      { tags: ["a", "b", "c, d", "e"] },
    ],
    ["a body says nothing of them", [], { count: 3, tags: ["x"], theme: "x", note: "n" }, { tags: [], note: "n" }],
    ["cookies", [["cookie", "a=b; theme=dark; visits=12"]], {}, { tags: [], theme: "dark", visits: 12 }],
    [
      "cookies in two lines, of which the first counts",
      [
        ["cookie", "theme=a"],
        ["cookie", "theme=b"],
      ],
      {},
      { tags: [], theme: "a" },
    ],
    ["a quoted and an encoded cookie", [["cookie", 'theme="h%C3%A9llo"']], {}, { tags: [], theme: "héllo" }],
    ["a cookie that is not encoded as we do", [["cookie", "theme=100%;visits=1"]], {}, { tags: [], theme: "100%", visits: 1 }],
    ["a cookie of another case", [["cookie", "Theme=a"]], {}, { tags: [] }],
    ["a number that is none", [["x-count", "many"]], {}, 400],
    [
      "a header twice",
      [
        ["x-count", "1"],
        ["x-count", "2"],
      ],
      {},
      400,
    ],
    ["a header that is not ASCII", [["x-count", "\u00e9"]], {}, 400],
    ["a cookie jar at the limit", [["cookie", `${jar(limits.cookies - 1)}; theme=a`]], {}, { tags: [], theme: "a" }],
    ["a cookie jar beyond the limit", [["cookie", jar(limits.cookies + 1)]], {}, 431],
  ];
  for (const [name, lines, body, expected] of cases)
    for (const target of ["POST /posted", "DELETE /deleted"])
      it(`${target}: ${name}`, async () => {
        await using served = await serve([posted, deleted]);
        const [method = "", path = ""] = target.split(" ");
        const query = Object.entries(body).map(([key, value]) => `${key}=${value}`);
        const withBody = method === "POST";
        const wire = await served.wire();
        const text = withBody ? JSON.stringify(body) : "";
        const head = [
          `${method} ${withBody || query.length === 0 ? path : `${path}?${query.join("&")}`} HTTP/1.1`,
          ...["Host: x", "Content-Type: application/json", `Content-Length: ${text.length}`, "Connection: close"],
          ...lines.map(([key, value]) => `${key}: ${value}`),
        ];
        wire.send(Buffer.from(`${head.join("\r\n")}\r\n\r\n${text}`, "latin1"));
        const response = await wire.next();
        wire.close();
        if (typeof expected === "number") assert.equal(response?.status, expected);
        else assert.deepEqual(JSON.parse(JSON.parse(response?.body ?? "{}").got), expected);
      });

  it("an operation without them reads no cookie", async () => {
    await using served = await serve([blind]);
    const response = await served.app.fetch(new Request("http://t/blind", { method: "POST", headers: { cookie: jar(500) } }));
    assert.equal(response.status, 200);
  });

  it("are parameters of the document", async () => {
    await using served = await serve([posted], { http: { documents: true } });
    const document = (await (await served.app.fetch(new Request("http://t/openapi.json"))).json()) as Document;
    const { parameters, requestBody, responses } = document.paths["/posted"]!.post;
    assert.deepEqual(
      parameters.map(({ name, in: place, required }) => `${place} ${name} ${required}`),
      ["header X-Count false", "header X-Tags false", "header X-Sizes false", "cookie theme false", "cookie visits false"],
    );
    const { $ref } = requestBody.content["application/json"]!.schema;
    assert.deepEqual(Object.keys(document.components.schemas[$ref.split("/").at(-1) ?? ""]?.properties ?? {}), ["note"]);
    assert.ok("431" in responses);
  });

  const refused: readonly (readonly [field: string, http: object])[] = [
    ["http.headers.nothing", { headers: { nothing: "X-A" } }],
    ["http.headers.count", { headers: { count: "Authorization" } }],
    ["http.headers.count", { headers: { count: "Content-Length" } }],
    ["http.headers.count", { headers: { count: "X A" } }],
    ["http.headers.count", { headers: { count: "X-A\r\nX-B" } }],
    ["http.cookies.tags", { cookies: { tags: "tags" } }],
    ["http.cookies.theme", { headers: { theme: "X-Theme" }, cookies: { theme: "theme" } }],
    ["http.cookies.theme", { cookies: { theme: "a=b" } }],
  ];
  for (const [field, http] of refused)
    it(`an app does not start with ${field} of ${JSON.stringify(http)}`, async () => {
      const operation = action("t.refused", { ...common, input, http: { route: "POST /r", ...http }, run: async () => ({ got: "" }) });
      await assert.rejects(
        async () => {
          await using _ = await serve([operation]);
        },
        (error: Error) => error.message.includes(field),
      );
    });

  it("a list has the rest of its text as its last item, where a quote does not end", () => {
    assert.deepEqual([listItems('a,"b'), listItems('"b'), listItems('a,"b,c')], [["a", '"b'], ['"b'], ["a", '"b,c']]);
  });

  it("cookies and lists are read whatever their text is, and what is well written comes back", () => {
    const name = fc.stringMatching(/^[a-z]{1,3}$/);
    const value = fc.string({ unit: "binary", maxLength: 20 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 20 }), fc.string({ maxLength: 60 }), (jarOf, junk) => {
        const line = Object.entries(jarOf).map(([key, text]) => `${key}=${encodeURIComponent(text)}`);
        const found = readCookies([line.join("; ")], new Set(Object.keys(jarOf)));
        assert.deepEqual(Object.fromEntries(found), { ...jarOf });
        readCookies([junk], new Set(["a"]));
        assert.ok(listItems(junk).join("").length <= junk.length);
        assert.deepEqual(
          listItems(
            Object.values(jarOf)
              .map((text) => JSON.stringify(encodeURIComponent(text)))
              .join(", "),
          ),
          Object.values(jarOf).map(encodeURIComponent),
        );
      }),
      { numRuns: 1_000, examples: [[{}, '#,"']] },
    );
  });
});

interface Document {
  components: { schemas: Record<string, { properties: object }> };
  paths: Record<
    string,
    {
      post: {
        parameters: { name: string; in: string; required: boolean }[];
        requestBody: { content: Record<string, { schema: { $ref: string } }> };
        responses: object;
      };
    }
  >;
}
