import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { action, fault, module } from "plimsoll";
import { logs, otelApi, prometheus } from "plimsoll/telemetry";
import { type TestApp, testApp } from "plimsoll/testing";
import { z } from "zod";
import { fail } from "../../src/core/fault.ts";
import { crashesOf } from "../crashes.ts";

const done = (_: unknown) => ({});

/** What a test makes the operation do; the input of an operation is JSON, and this is not. */
let given: unknown;
const common = { input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "10s" } as const;
const Declared = fault("declared", { code: "failed_precondition", details: z.unknown(), message: "It is declared." });
// biome-ignore lint/suspicious/noExplicitAny: a caller without types gives anything.
type Anything = any;

const places = {
  field: action("any.field", { ...common, run: async (_, { log }) => done(log.info("m", { given })) }),
  fields: action("any.fields", { ...common, run: async (_, { log }) => done(log.warn("m", given as Anything)) }),
  message: action("any.message", { ...common, run: async (_, { log }) => done(log.info(given as Anything)) }),
  nested: action("any.nested", { ...common, run: async (_, { log }) => done(log.info("m", { a: [{ given }] })) }),
  note: action("any.note", { ...common, run: async (_, { note }) => done(note({ given })) }),
  notes: action("any.notes", { ...common, run: async (_, { note }) => done(note(given as Anything)) }),
  span: action("any.span", { ...common, run: async (_, { span }) => span(given as Anything, () => ({})) }),
  upstream: action("any.upstream", { ...common, run: async (_, { upstream }) => upstream(given as Anything, () => ({})) }),
};
const details = action("any.details", { ...common, faults: [Declared], run: async () => fail(Declared, given) });
const cause = action("any.cause", { ...common, faults: [Declared], run: async () => fail(Declared, 1, given) });
const caused = action("any.caused", {
  ...common,
  run: async () => {
    throw new TypeError("a bug", { cause: given });
  },
});
const thrown = action("any.thrown", {
  ...common,
  run: async () => {
    throw given;
  },
});
const operations = [...Object.values(places), details, cause, caused, thrown];

const no = () => {
  throw new TypeError("no");
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const trapped = () => new Proxy({}, { get: no, has: no, ownKeys: no, getPrototypeOf: no, getOwnPropertyDescriptor: no });
const brokenError = (field: string) => Object.defineProperty(new Error("e"), field, { get: no, enumerable: true });
const hostile: Readonly<Record<string, () => unknown>> = {
  "a getter that throws": () => Object.defineProperty({ fine: 1 }, "broken", { get: no, enumerable: true }),
  "a revoked Proxy": revoked,
  "a Proxy whose traps throw": trapped,
  "an array of revoked Proxies": () => [revoked(), { deep: revoked() }],
  "toJSON that throws": () => ({ toJSON: no }),
  "toJSON that returns itself": () => {
    const own = { toJSON: (): unknown => own, a: 1 };
    return own;
  },
  "toString that throws": () => ({ toString: no }),
  "no prototype": () => Object.assign(Object.create(null), { __proto__: 1 }),
  "a cycle": () => {
    const own: Record<string, unknown> = {};
    own.self = [own];
    return own;
  },
  "an error whose message throws": () => brokenError("message"),
  "an error whose stack throws": () => brokenError("stack"),
  "an error whose name throws": () => brokenError("name"),
  "an error whose cause throws": () => brokenError("cause"),
  "an error whose message is a symbol": () => Object.defineProperty(new Error("e"), "message", { value: Symbol("m") }),
  "an error that causes itself": () => {
    const own = new Error("e");
    own.cause = own;
    return own;
  },
  "a symbol": () => Symbol("s"),
  "a bigint": () => 10n ** 400n,
  "a function": () => no,
  nothing: () => undefined,
  null: () => null,
  "an endless array": () => new Array(4_000_000_000),
  "a long text": () => "\u2028".repeat(1_000_000),
  bytes: () => Buffer.alloc(1_000_000),
  "very deep": () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i++) deep = { deep };
    return deep;
  },
  "an invalid date": () => new Date(Number.NaN),
  "keys that mean something": () => JSON.parse('{"__proto__": {"a": 1}, "constructor": 1, "toString": 2}'),
};

async function opened(t: { after(done: () => void): void }) {
  const lines: string[] = [];
  let crash: (error: string) => void = () => undefined;
  const crashed = new Promise<string>((resolve) => {
    crash = resolve;
  });
  const crashes = crashesOf(t, () => crash("the process would have ended"));
  const app = await testApp({
    modules: [module("any", { operations })],
    telemetry: [logs({ destination: { write: (line) => lines.push(line) } }), prometheus(), otelApi()],
  });
  return { app, lines, crashed, crashes };
}

/** What came of telling a value at every place. */
async function tell({ app, lines, crashed, crashes }: Awaited<ReturnType<typeof opened>>, value: unknown): Promise<void> {
  given = value;
  const ask = (operation: Parameters<TestApp["call"]>[0]) =>
    Promise.race([
      app.call(operation, {}).then(
        () => "ok",
        (error: { type?: string }) => error.type ?? "no fault",
      ),
      crashed,
    ]);
  for (const [place, operation] of Object.entries(places)) assert.equal(await ask(operation), "ok", place);
  assert.equal(await ask(details), "declared", "details");
  assert.equal(await ask(cause), "declared", "cause");
  assert.equal(await ask(caused), "internal", "caused");
  assert.equal(await ask(thrown), "internal", "thrown");
  await new Promise(setImmediate);
  assert.deepEqual(crashes, []);
  assert.ok(lines.length >= operations.length, `${lines.length} lines`);
  for (const line of lines.splice(0)) {
    assert.doesNotThrow(() => JSON.parse(line), line.slice(0, 1_000));
    assert.equal(line.split("\n").length, 2, "one line");
    assert.ok(line.length < 100_000, `a line of ${line.length} characters`);
  }
}

for (const [name, make] of Object.entries(hostile))
  test(`telling it fails neither the execution nor the process, and the line is JSON: ${name}`, async (t) => {
    const all = await opened(t);
    try {
      await tell(all, make());
    } finally {
      await all.app.stop();
    }
  });

test("telling any JavaScript value fails neither the execution nor the process, and the line is JSON", async (t) => {
  const all = await opened(t);
  const anything = fc.anything({
    ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withSparseArray: true },
    ...{ withNullPrototype: true, withObjectString: true, withBoxedValues: true },
  });
  // By name, so that what failed can be printed.
  const mixed = fc.record({
    anything,
    hostile: fc.constantFrom(...Object.keys(hostile)),
    how: fc.constantFrom("alone", "beside", "inside"),
  });
  const make = ({ anything: value, hostile: name, how }: { anything: unknown; hostile: string; how: string }) =>
    how === "alone" ? value : how === "beside" ? [value, hostile[name]?.()] : { [name]: { value, inner: hostile[name]?.() } };
  try {
    await fc.assert(
      fc.asyncProperty(mixed, (one) => tell(all, make(one))),
      { numRuns: 100, endOnFailure: true },
    );
  } finally {
    await all.app.stop();
  }
});

test("a sink's around that throws, or forgets to run the handler, fails nothing", async (t) => {
  const crashes = crashesOf(t);
  const sink = (around: () => never) => ({ name: "own", attach: () => undefined, stop: async () => undefined, around });
  for (const around of [no, (() => undefined) as () => never]) {
    await using app = await testApp({ modules: [module("any", { operations })], telemetry: [sink(around)] });
    given = 1;
    const answer = await app.call(places.field, {}).then(() => "ok", String);
    assert.equal(answer, "ok");
  }
  assert.deepEqual(crashes, []);
});

test("a sink whose stop rejects, a write that rejects and listeners that throw fail nothing", async (t) => {
  const crashes = crashesOf(t);
  let stopped = 0;
  const sink = (stop: () => Promise<void>) => ({ name: "own", attach: () => undefined, stop });
  const app = await testApp({
    modules: [module("any", { operations })],
    telemetry: [
      sink(async () => void stopped++),
      sink(() => Promise.reject(new TypeError("no"))),
      logs({ destination: { write: (async () => no()) as () => void } }),
    ],
  });
  app.signals.executed.on(no);
  app.signals.logged.on(no);
  app.app.signals.stopping.on(no);
  given = 1;
  assert.equal(await app.call(places.field, {}).then(() => "ok", String), "ok");
  assert.equal(await app.stop().then(() => "stopped", String), "stopped");
  assert.equal(stopped, 1);
  await new Promise(setImmediate);
  assert.deepEqual(crashes, []);
});
