import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import * as plimsoll from "plimsoll";
import { action, command, createApp, fault, module, query, task } from "plimsoll";
import { prometheus } from "plimsoll/telemetry";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";

type Declare = (name: string, spec: object) => { readonly name: string };
type Count = { count(metric: unknown, labels?: object): void; observe(metric: unknown, value: number, labels?: object): void };
type Attempts = { attempt<T>(work: () => Promise<T>): Promise<T> };

/** Declares as the front door does; a door without it has no metrics. */
const declare = (kind: "counter" | "histogram" | "gauge"): Declare => {
  assert.ok(kind in plimsoll, `a ${kind} can be declared`);
  return (plimsoll as unknown as Record<string, Declare>)[kind]!;
};

let metrics: { made: unknown; sizes: unknown; level: unknown };
const Refused = fault("refused", { code: "failed_precondition", message: "Refused." });
const Input = z.object({ way: z.enum(["kept", "refused", "undone"]).default("kept") });
const common = { input: Input, output: z.object({}), budget: "20s", access: "public" } as const;
const countIn = (scope: unknown): Record<string, never> => {
  (scope as Count).count(metrics.made, { by: 'a "quote"' });
  (scope as Count).observe(metrics.sizes, 3);
  return {};
};
const make = command("mill.make", {
  ...{ ...common, access: plimsoll.signedIn(), idempotent: "key", faults: [Refused] },
  async run({ way }, scope) {
    if (way === "undone") {
      const undone = async () => {
        countIn(scope);
        throw new RangeError("meant to fail");
      };
      await (scope as unknown as Attempts).attempt(undone).catch(() => undefined);
    } else countIn(scope);
    if (way === "refused") scope.fail(Refused, undefined as never);
    return {};
  },
});
const look = query("mill.look", { ...common, run: async (_input, scope) => countIn(scope) });
const act = action("mill.act", { ...common, idempotent: "no", run: async (_input, scope) => countIn(scope) });
const work = task("mill.work", { input: Input, budget: "20s", run: async (_input, scope) => void countIn(scope) });

describe("metrics of a module", () => {
  let database: TestDatabase;
  let app: TestApp;
  let sink: ReturnType<typeof prometheus>;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  after(() => database.drop());
  const operations = [make, look, act, work];
  const open = async (listed?: readonly unknown[]) => {
    metrics = {
      made: declare("counter")("mill.made", { help: "Things made.", labels: ["by"] }),
      sizes: declare("histogram")("mill.size-lines", { help: "Sizes.", buckets: [1, 5] }),
      level: declare("gauge")("mill.level", { help: "Level.", read: () => 7 }),
    };
    sink = prometheus();
    const spec = { operations, metrics: listed ?? Object.values(metrics) };
    return testApp({ modules: [module("mill", spec as never)], database, telemetry: [sink], actor: testActor() });
  };
  const shown = () => sink.expose!().body;
  const made = () => Number(/^mill_made_total\{by="a \\"quote\\""\} (\d+)$/m.exec(shown())?.[1] ?? 0);

  it("are counted from every scope, and shown", async () => {
    app = await open();
    await using _ = app;
    await app.call(make, {});
    await app.call(look, {});
    await app.call(act, {});
    const ended = app.app.tasks.signals.ended.next();
    await app.app.tasks.start(work, {});
    await ended;
    assert.equal(made(), 4);
    assert.match(shown(), /^mill_size_lines_bucket\{le="5"\} 4$/m);
    assert.match(shown(), /^mill_level 7$/m);
  });

  it("do not count what is replayed, refused or undone", async () => {
    app = await open();
    await using _ = app;
    await app.call(make, {}, { key: "replayed" });
    await app.call(make, {}, { key: "replayed" });
    await app.call(make, { way: "refused" }).catch(() => undefined);
    await app.call(make, { way: "undone" });
    assert.equal(made(), 1);
  });

  const problems = (listed: readonly unknown[]): string => {
    try {
      createApp({ modules: [module("mill", { operations: [], metrics: listed } as never)] });
      return "nothing is wrong";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const help = "Help.";
  beforeEach(() => declare("counter"));
  for (const [what, make, says] of [
    ["of another module", () => [declare("counter")("other.made", { help })], /begins with its module/],
    [
      "that is shown as another is",
      () => [declare("counter")("mill.a-b", { help }), declare("counter")("mill.a.b", { help })],
      /has the name mill_a_b_total in Prometheus already/,
    ],
    ["with a label that cannot be one", () => [declare("counter")("mill.made", { help, labels: ["a-b"] })], /is not a label/],
    ["with buckets out of order", () => [declare("histogram")("mill.size", { help, buckets: [2, 1] })], /ascending order/],
    ["without help", () => [declare("gauge")("mill.level", { help: " ", read: () => 1 })], /help is empty/],
  ] as const)
    it(`are refused at start: one ${what}`, () => assert.match(problems(make()), says));
});
