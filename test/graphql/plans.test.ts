// A document that is asked often is served by a plan: it must say the same as the first time.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action } from "plimsoll";
import { z } from "zod";
import { run } from "./app.ts";
import { ask } from "./ask.ts";

const Item = z
  .object({ at: z.int(), note: z.string().nullable().optional(), of: z.object({ name: z.string() }).nullable() })
  .meta({ id: "Item" });
const Way = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("a"), n: z.int() }),
  z.object({ kind: z.literal("b"), text: z.string() }),
]);
const input = z.object({ most: z.int().max(200), word: z.string().nullable().optional(), tags: z.array(z.string()).optional() });
const taken: unknown[] = [];
const list = action("suite.list", {
  ...{
    input,
    output: z.object({ items: z.array(Item), way: Way }),
    access: "public",
    idempotent: "natural",
    budget: "2s",
    graphql: "list",
  },
  run: async (given) => {
    taken.push(structuredClone(given));
    // What a handler does to its input must not reach the next one.
    given.tags?.push("changed");
    const items = Array.from({ length: given.most }, (_, at) => ({
      at,
      note: at % 3 === 0 ? null : `n${at}`,
      of: at % 2 === 0 ? null : { name: `o${at}` },
    }));
    return {
      items: items.map(({ note, ...rest }) => (rest.at % 5 === 0 ? rest : { ...rest, note })),
      way: { kind: "b" as const, text: "t" },
    };
  },
});

describe("a document that is asked again", () => {
  it("cuts the same objects after code was made for them", async () => {
    await using running = await run([list]);
    const query =
      "mutation ($most: Int64!) { list(most: $most) { items { n: at note t: __typename of { name again: name } constructor: at } way { ... on SuiteListOutputWayB { text } } } }";
    const replies: string[] = [];
    for (let at = 0; at < 4; at++) replies.push(JSON.stringify((await ask(running.app, query, { variables: { most: 90 } })).data));
    assert.equal(new Set(replies).size, 1);
    const { items, way } = JSON.parse(replies[0] as string).list;
    assert.deepEqual(items.slice(0, 3), [
      { n: 0, note: null, t: "Item", of: null, constructor: 0 },
      { n: 1, note: "n1", t: "Item", of: { name: "o1", again: "o1" }, constructor: 1 },
      { n: 2, note: "n2", t: "Item", of: null, constructor: 2 },
    ]);
    assert.deepEqual(Object.keys(items[1]), ["n", "note", "t", "of", "constructor"]);
    assert.deepEqual(way, { text: "t" });
  });

  type Row = readonly [what: string, query: string, variables: readonly object[], inputs: readonly object[]];
  const documents: readonly Row[] = [
    [
      "with literals",
      '{ list(most: 1, word: "w") { way { __typename } } }',
      [{}, {}],
      [
        { most: 1, word: "w" },
        { most: 1, word: "w" },
      ],
    ],
    [
      "with null as a literal",
      "{ list(most: 1, word: null) { way { __typename } } }",
      [{}, {}],
      [
        { most: 1, word: null },
        { most: 1, word: null },
      ],
    ],
    [
      "with a list as a literal",
      '{ list(most: 1, tags: ["x"]) { way { __typename } } }',
      [{}, {}],
      [
        { most: 1, tags: ["x"] },
        { most: 1, tags: ["x"] },
      ],
    ],
    [
      "with variables, some of them left out or null",
      "($most: Int64!, $word: String, $tags: [String!]) { list(most: $most, word: $word, tags: $tags) { way { __typename } } }",
      [
        { most: 1, word: "a", tags: ["x"] },
        { most: 2 },
        { most: 3, word: null, tags: null },
        { most: 4, word: "b", tags: [] },
        { most: 1, word: "a", tags: ["x"] },
      ],
      [
        { most: 1, word: "a", tags: ["x"] },
        { most: 2 },
        { most: 3, word: null },
        { most: 4, word: "b", tags: [] },
        { most: 1, word: "a", tags: ["x"] },
      ],
    ],
    [
      "with a default of a variable",
      '($most: Int64! = 7, $word: String = "d") { list(most: $most, word: $word) { way { __typename } } }',
      [{}, { most: 2, word: "e" }, {}],
      [
        { most: 7, word: "d" },
        { most: 2, word: "e" },
        { most: 7, word: "d" },
      ],
    ],
  ];
  for (const [what, text, all, inputs] of documents)
    it(`takes the same arguments ${what}`, async () => {
      await using running = await run([list]);
      taken.length = 0;
      for (const variables of all) {
        const { errors } = await ask(running.app, `mutation ${text}`, { variables: variables as Record<string, unknown> });
        assert.deepEqual(errors, []);
      }
      assert.deepEqual(taken, inputs);
    });

  it("refuses null for what is needed, also after it had a value", async () => {
    await using running = await run([list]);
    const query = "mutation ($most: Int64! = 3) { list(most: $most) { way { __typename } } }";
    assert.deepEqual((await ask(running.app, query, { variables: { most: 1 } })).errors, []);
    const { errors, status } = await ask(running.app, query, { variables: { most: null } });
    assert.deepEqual([status, errors[0]?.extensions.code], [400, "invalid_argument"]);
  });
});
