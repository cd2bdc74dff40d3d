// Operations that stream as tools: their items are one result, and their clients learn of each.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { action, fail, fault, query } from "plimsoll";
import { z } from "zod";
import { type Running, run } from "./app.ts";
import { begin, from } from "./ask.ts";

const Broken = fault("broken", { code: "failed_precondition", message: "It broke." });
const Item = z.object({ at: z.int() });
const shared = { input: z.object({ count: z.int(), size: z.int().optional() }), access: "public", budget: "5s" } as const;

const operations = [
  action("suite.count", {
    ...{ ...shared, stream: Item, idempotent: "no", faults: [Broken] },
    mcp: {
      progress: ({ at }) => ({ progress: at, total: 3, message: `${at} of 3` }),
      log: ({ at }) => ({ level: at === 2 ? "warning" : "debug", data: { at } }),
      content: ({ at }) => ({ type: "text", text: `item ${at}` }),
    },
    async *run({ count }) {
      for (let at = 1; at <= Math.abs(count); at++) yield { at };
      if (count < 0) fail(Broken, {});
    },
  }),
  query("suite.plain", {
    ...{ ...shared, stream: z.object({ text: z.string() }), mcp: true },
    async *run({ count, size = 0 }) {
      for (let at = 0; at < count; at++) yield { text: "a".repeat(size) };
    },
  }),
];

let running: Running;
before(async () => {
  running = await run(operations, { mcp: { limits: { resultItems: 5, resultBytes: 1_000 } } });
});
after(() => running[Symbol.asyncDispose]());

const count = (input: object, meta = {}) => from(running.app).modern("tools/call", { name: "suite.count", arguments: input }, { meta });

describe("a tool that streams", () => {
  it("returns its items, with what models read of each", async () => {
    const { result, messages, headers } = await count({ count: 2 });
    assert.deepEqual(result.structuredContent, { items: [{ at: 1 }, { at: 2 }] });
    assert.deepEqual(result.content, [
      { type: "text", text: "item 1" },
      { type: "text", text: "item 2" },
    ]);
    assert.deepEqual([messages, headers.get("content-type")], [[], "application/json"]);
    const { result: listed } = await from(running.app).modern("tools/list");
    assert.deepEqual(listed.tools[0].outputSchema.properties.items.items.required, ["at"]);
  });

  it("returns them as text where it makes no content", async () => {
    const { result } = await from(running.app).modern("tools/call", { name: "suite.plain", arguments: { count: 1, size: 1 } });
    assert.deepEqual(result.content, [{ type: "text", text: '{"items":[{"text":"a"}]}' }]);
  });

  it("tells a client that asks for progress of each item as it comes", async () => {
    const { result, messages, headers } = await count({ count: 3 }, { progressToken: "t" });
    assert.equal(headers.get("content-type"), "text/event-stream");
    assert.deepEqual(
      messages.map(({ method, params }) => [method, params]),
      [1, 2, 3].map((at) => ["notifications/progress", { progressToken: "t", progress: at, total: 3, message: `${at} of 3` }]),
    );
    assert.deepEqual([result.structuredContent.items.length, result.resultType], [3, "complete"]);
  });

  it("counts its items where it says no more", async () => {
    const meta = { progressToken: 4 };
    const { messages } = await from(running.app).modern("tools/call", { name: "suite.plain", arguments: { count: 2 } }, { meta });
    assert.deepEqual(
      messages.map(({ params }) => params),
      [1, 2].map((progress) => ({ progressToken: 4, progress })),
    );
  });

  it("sends lines from the level on that the request names, and none where it names none", async () => {
    const lines = async (logLevel: string) =>
      (await count({ count: 3 }, { "io.modelcontextprotocol/logLevel": logLevel })).messages.map(({ params }) => params.data.at);
    assert.deepEqual([await lines("debug"), await lines("info"), await lines("error")], [[1, 2, 3], [2], []]);
    assert.deepEqual((await count({ count: 3 })).messages, []);
  });

  it("sends lines from the level on that a session has set", async () => {
    const headers = await begin(running.app);
    const lines = async () =>
      (await from(running.app).legacy("tools/call", { name: "suite.count", arguments: { count: 3 } }, { headers })).messages.length;
    assert.equal(await lines(), 1);
    assert.deepEqual((await from(running.app).legacy("logging/setLevel", { level: "debug" }, { headers })).result, {});
    assert.equal(await lines(), 3);
    assert.equal((await from(running.app).legacy("logging/setLevel", { level: "loud" }, { headers })).error.code, -32_602);
  });

  it("sends nothing in front of the result to a client that takes no events", async () => {
    const asking = { meta: { progressToken: 1 }, headers: { accept: "application/json" } };
    const { messages, headers } = await from(running.app).modern("tools/call", { name: "suite.count", arguments: { count: 3 } }, asking);
    assert.deepEqual([messages, headers.get("content-type")], [[], "application/json"]);
  });

  it("is refused where it fails, also behind its first item", async () => {
    for (const meta of [{}, { progressToken: 1 }]) {
      const { status, result } = await count({ count: -1 }, meta);
      assert.deepEqual([status, result.isError, result._meta["plimsoll/problem"].type], [200, true, "urn:plimsoll:broken"]);
    }
    assert.equal(running.executions.at(-1)?.fault?.type, "broken");
  });

  for (const [what, input] of [
    ["items", { count: 6 }],
    ["bytes", { count: 2, size: 600 }],
  ] as const)
    it(`ends at more ${what} than one result has`, async () => {
      const { result } = await from(running.app).modern("tools/call", { name: "suite.plain", arguments: input });
      assert.equal(result._meta["plimsoll/problem"].type, "urn:plimsoll:mcp_result_too_large");
    });
});
