// Two releases of one service at once: what their contracts have in common is called, and what they have not is refused with its fields.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { type App, command, fault, type Module, module, query } from "plimsoll";
import type { AnySchema } from "plimsoll/ports";
import { z } from "zod";
import type { Execution } from "../../../src/operation/execution.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { ann, startCallee, startCaller } from "./two-apps.ts";

const open: App[] = [];
after(() => Promise.all(open.map((app) => app.stop())));

interface Release {
  readonly input: AnySchema;
  readonly output: AnySchema;
  readonly reply?: unknown;
}

const seen: unknown[] = [];
function stockOf({ input, output, reply = {} }: Release): { readonly module: Module; readonly read: ReturnType<typeof query> } {
  const run = async (given: unknown) => {
    seen.push(given);
    return reply as never;
  };
  const read = query("stock.read", { input, output, access: "public", budget: "5s", run } as never);
  return { module: module("stock", { operations: [read as never] }), read: read as never };
}

async function pair(caller: Release, callee: Release) {
  const [ours, theirs] = [stockOf(caller), stockOf(callee)];
  const database = new MemoryDatabase();
  const there = await startCallee([theirs.module], { database: { open: () => database } });
  const here = await startCaller({ module: ours.module, url: there.url });
  open.push(here, there);
  const executed: Execution[] = [];
  there.signals.executed.on((execution) => void executed.push(execution));
  const call = (input: unknown) => here.call(ours.read as never, input as never, { actor: ann }) as Promise<unknown>;
  return { call, executed };
}

const Sku = z.object({ sku: z.string() });
const Left = z.object({ left: z.int() });
const Both = { input: Sku, output: Left };

describe("a callee of a later release is called", () => {
  const cases: readonly (readonly [string, Release, unknown])[] = [
    ["with an optional field more in front", { ...Both, input: z.object({ at: z.string().optional(), sku: z.string() }) }, { sku: "a" }],
    ["with a field that has a default", { ...Both, input: z.object({ many: z.int().default(3), sku: z.string() }) }, { many: 3, sku: "a" }],
    ["with a field that may be left out now", { ...Both, input: z.object({ sku: z.string().optional() }) }, { sku: "a" }],
    ["with a field that may be null now", { ...Both, input: z.object({ sku: z.string().nullable() }) }, { sku: "a" }],
  ];
  for (const [name, callee, read] of cases)
    it(name, async () => {
      const { call } = await pair(Both, { ...callee, reply: { left: 7 } });
      assert.deepEqual(await call({ sku: "a" }), { left: 7 });
      assert.deepEqual(seen.at(-1), read);
    });

  it("with a field that may be left out now, whose value is the empty one", async () => {
    const { call } = await pair(Both, { ...Both, input: z.object({ sku: z.string().optional() }), reply: { left: 0 } });
    assert.deepEqual(await call({ sku: "" }), { left: 0 });
    assert.deepEqual(seen.at(-1), { sku: "" });
  });

  it("and what it sends beyond the caller's contract is left out", async () => {
    const output = z.object({ cost: z.int(), left: z.int(), more: z.array(z.object({ at: z.string() })) });
    const { call } = await pair(Both, { ...Both, output, reply: { cost: 5, left: 7, more: [{ at: "b" }] } });
    assert.deepEqual(await call({ sku: "a" }), { left: 7 });
  });

  it("once in its own form, after it has said which that is", async () => {
    const { call, executed } = await pair(Both, { ...Both, output: Left.extend({ cost: z.int() }), reply: { left: 1, cost: 2 } });
    for (let time = 0; time < 3; time++) await call({ sku: "a" });
    assert.deepEqual(
      executed.map(({ fault }) => fault?.type),
      ["contract_differs", undefined, undefined, undefined],
    );
  });
});

describe("a callee of an earlier release is called", () => {
  const newer = {
    input: Sku.extend({
      note: z.string().optional(),
      lines: z.array(z.object({ id: z.string(), mark: z.string().optional() })).optional(),
    }),
  };

  it("as long as a call has nothing that it does not know", async () => {
    const { call } = await pair({ ...newer, output: Left.extend({ cost: z.int().optional() }) }, { ...Both, reply: { left: 7 } });
    assert.deepEqual(await call({ sku: "a" }), { left: 7 });
    assert.deepEqual(seen.at(-1), { sku: "a" });
  });

  it("and a call that has is refused with the field, and not sent", async () => {
    const lines = z.array(z.object({ id: z.string() })).optional();
    const { call } = await pair({ ...newer, output: Left }, { input: Sku.extend({ lines }), output: Left, reply: { left: 7 } });
    const before = seen.length;
    for (const [input, field] of [
      [{ sku: "a", note: "mine" }, "input.note is not read there"],
      [{ sku: "a", lines: [{ id: "1" }, { id: "2", mark: "x" }] }, "input.lines[].mark is not read there"],
    ] as const)
      await assert.rejects(call(input), {
        ...{ code: "unavailable", type: "contract_differs" },
        details: { operation: "stock.read", fields: [field] },
      });
    assert.equal(seen.length, before);
    assert.deepEqual(await call({ sku: "a", lines: [{ id: "1" }] }), { left: 7 });
  });

  it("and a value that it does not allow is refused by its path", async () => {
    const { call } = await pair(
      { ...Both, input: z.object({ sku: z.string().max(20) }) },
      { ...Both, input: z.object({ sku: z.string().max(3) }), reply: { left: 7 } },
    );
    assert.deepEqual(await call({ sku: "abc" }), { left: 7 });
    await assert.rejects(call({ sku: "abcd" }), { code: "invalid_argument" });
  });
});

describe("a callee whose contract does not fit is refused, with each field", () => {
  const cases: readonly (readonly [string, Release, Release, readonly RegExp[]])[] = [
    [
      "a required field more",
      Both,
      { ...Both, input: z.object({ shelf: z.string(), sku: z.string() }) },
      [/^input\.shelf is required there$/],
    ],
    ["another type", Both, { ...Both, input: z.object({ sku: z.int() }) }, [/^input\.sku is string here and integer there$/]],
    ["a field less in what it sends", Both, { ...Both, output: z.object({}) }, [/^output\.left is not sent there$/]],
    ["a field that may be missing", Both, { ...Both, output: Left.partial() }, [/^output\.left may be missing there$/]],
    [
      "another name of a field, and another type of what is inside",
      { ...Both, output: z.object({ left: z.int(), in: z.array(z.object({ at: z.string() })) }) },
      { ...Both, output: z.object({ rest: z.int(), in: z.array(z.object({ at: z.int() })) }) },
      [/^output\.left is not sent there$/, /^output\.in\[\]\.at \(type\) is integer there and string here$/],
    ],
    [
      "a value that the caller does not know",
      { ...Both, output: z.object({ is: z.enum(["open", "sold"]) }) },
      { ...Both, output: z.object({ is: z.enum(["open", "sold", "lost"]) }) },
      [/^output\.is \(enum\) is "lost" there/],
    ],
  ];
  for (const [name, caller, callee, fields] of cases)
    it(name, async () => {
      const { call } = await pair(caller, callee);
      const before = seen.length;
      const thrown = await call({ sku: "a" }).catch((error: unknown) => error);
      const { type, details } = thrown as { readonly type: string; readonly details: { readonly fields: readonly string[] } };
      assert.equal(type, "contract_differs");
      assert.equal(details.fields.length, fields.length, details.fields.join("; "));
      for (const [at, field] of fields.entries()) assert.match(details.fields[at] as string, field);
      assert.equal(seen.length, before, "nothing was read");
    });
});

describe("what a caller relies on beside the messages is compared too", () => {
  const takeOf = (idempotent: "natural" | "no", codes: Readonly<Record<string, "not_found" | "aborted">> = {}) =>
    command("stock.take", {
      ...{ input: Sku, output: Left, access: "public", budget: "5s", idempotent },
      faults: Object.entries(codes).map(([type, code]) => fault(type, { code, message: "It is gone." })),
      run: async () => ({ left: 1 }),
    });
  const between = async (ours: ReturnType<typeof takeOf>, theirs: ReturnType<typeof takeOf>) => {
    const database = new MemoryDatabase();
    const there = await startCallee([module("stock", { operations: [theirs] })], { database: { open: () => database } });
    const here = await startCaller({ module: module("stock", { operations: [ours] }), url: there.url });
    open.push(here, there);
    return here.call(ours, { sku: "a" }, { actor: ann });
  };

  it("what a second run does", async () => {
    await assert.rejects(between(takeOf("natural"), takeOf("no")), {
      type: "contract_differs",
      message: /a second run does nothing more here/,
    });
    assert.deepEqual(await between(takeOf("no"), takeOf("natural")), { left: 1 });
  });

  it("the codes of faults", async () => {
    await assert.rejects(between(takeOf("no", { gone: "not_found" }), takeOf("no", { gone: "aborted" })), {
      type: "contract_differs",
      message: /fault gone has the code not_found here and aborted there/,
    });
    assert.deepEqual(await between(takeOf("no"), takeOf("no", { gone: "aborted" })), { left: 1 });
  });
});

it("while a deploy rolls, calls go to processes of both releases", async () => {
  const later = { input: Sku.extend({ note: z.string().optional() }), output: Left.extend({ cost: z.int().optional() }) };
  const start = async (release: Release) => {
    const database = new MemoryDatabase();
    const app = await startCallee([stockOf(release).module], { database: { open: () => database } });
    open.push(app);
    return app.url;
  };
  const urls = await Promise.all([start({ ...Both, reply: { left: 1 } }), start({ ...later, reply: { left: 2, cost: 9 } })]);
  for (const [release, replies] of [
    [Both, [{ left: 1 }, { left: 2 }]],
    [later, [{ left: 1 }, { left: 2, cost: 9 }]],
  ] as const) {
    const ours = stockOf(release);
    const caller = await startCaller({ module: ours.module, url: urls });
    open.push(caller);
    const found = new Set<string>();
    for (let time = 0; time < 60 && found.size < 2; time++)
      found.add(JSON.stringify(await caller.call(ours.read as never, { sku: "a" } as never, { actor: ann })));
    assert.deepEqual(
      [...found].toSorted(),
      replies.map((reply) => JSON.stringify(reply)),
    );
    if (release === later) {
      // Only one of them reads it: the call finds that one.
      for (let time = 0; time < 10; time++)
        assert.deepEqual(await caller.call(ours.read as never, { sku: "a", note: "b" } as never, { actor: ann }), { left: 2, cost: 9 });
    }
  }
});
