import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { action, command, counter, histogram, module, query, signedIn, task } from "plimsoll";
import { logs, prometheus } from "plimsoll/telemetry";
import { type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";

interface Counting {
  count(...given: readonly unknown[]): void;
  observe(...given: readonly unknown[]): void;
}

const made = counter("mill.made", { help: "Things made.", labels: ["by"] });
const plain = counter("mill.plain", { help: "Things." });
const sizes = histogram("mill.sizes", { help: "Sizes.", labels: ["by"], buckets: [1, 5] });
const weights = histogram("mill.weights", { help: "Weights.", buckets: [1, 5] });
const unlisted = {
  counter: counter("mill.unlisted", { help: "No module lists it." }),
  histogram: histogram("mill.apart", { help: "Nor this.", buckets: [1] }),
};

/** What a handler does; the input of an operation is JSON, and this is not. */
let act: (scope: Counting) => void = () => undefined;
const given = (scope: unknown): Record<string, never> => {
  act(scope as Counting);
  return {};
};
const common = { input: z.object({}), output: z.object({}), budget: "20s", access: "public" } as const;
const places = {
  query: query("mill.query", { ...common, run: async (_, scope) => given(scope) }),
  command: command("mill.command", { ...common, access: signedIn(), idempotent: "natural", run: async (_, scope) => given(scope) }),
  attempt: command("mill.attempt", {
    ...{ ...common, access: signedIn(), idempotent: "natural" },
    run: async (_, scope) => scope.attempt(async () => given(scope)),
  }),
  action: action("mill.action", { ...common, idempotent: "no", run: async (_, scope) => given(scope) }),
};
const tasks = {
  task: task("mill.task", { input: z.object({}), budget: "20s", run: async (_, scope) => void given(scope) }),
  commit: task("mill.commit", {
    input: z.object({}),
    budget: "20s",
    run: async (_, { commit }) => commit(async (scope) => void given(scope)),
  }),
};

const no = () => {
  throw new TypeError("no");
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const wrong: Readonly<Record<string, { give(scope: Counting): void; metric: string; mistake: string; says: RegExp }>> = {
  "a missing label": {
    give: ({ count }) => count(made, {}),
    metric: "mill.made",
    mistake: "labels",
    says: /has the label "by": give it a value/,
  },
  "no labels": { give: ({ count }) => count(made), metric: "mill.made", mistake: "labels", says: /no object: give a value for by/ },
  "an undeclared label": {
    give: ({ count }) => count(made, { by: "a", at: "b" }),
    metric: "mill.made",
    mistake: "labels",
    says: /not declare the label "at": give a value for by/,
  },
  "a label where there is none": {
    give: ({ count }) => count(plain, { by: "a" }),
    metric: "mill.plain",
    mistake: "labels",
    says: /not declare the label "by": give none/,
  },
  "null as labels": { give: ({ count }) => count(made, null), metric: "mill.made", mistake: "labels", says: /no object/ },
  "a text as labels": { give: ({ observe }) => observe(sizes, 1, "by"), metric: "mill.sizes", mistake: "labels", says: /no object/ },
  "a revoked Proxy as labels": {
    give: ({ count }) => count(made, revoked()),
    metric: "mill.made",
    mistake: "labels",
    says: /throw when they are read/,
  },
  "a getter that throws": {
    give: ({ observe }) => observe(sizes, 1, Object.defineProperty({}, "by", { get: no, enumerable: true })),
    metric: "mill.sizes",
    mistake: "labels",
    says: /throw when they are read/,
  },
  "null as a label": { give: ({ count }) => count(made, { by: null }), metric: "mill.made", mistake: "labels", says: /"by" is given null/ },
  "an object as a label": {
    give: ({ count }) => count(made, { by: { toString: no } }),
    metric: "mill.made",
    mistake: "labels",
    says: /"by" is given a value of type object/,
  },
  "a revoked Proxy as a label": {
    give: ({ observe }) => observe(sizes, 1, { by: revoked() }),
    metric: "mill.sizes",
    mistake: "labels",
    says: /of type object/,
  },
  "a symbol as a label": {
    give: ({ count }) => count(made, { by: Symbol("a") }),
    metric: "mill.made",
    mistake: "labels",
    says: /of type symbol/,
  },
  "NaN as a value": {
    give: ({ observe }) => observe(weights, Number.NaN),
    metric: "mill.weights",
    mistake: "amount",
    says: /value is NaN: give a finite number/,
  },
  "Infinity as a value": {
    give: ({ observe }) => observe(weights, Number.POSITIVE_INFINITY),
    metric: "mill.weights",
    mistake: "amount",
    says: /value is Infinity/,
  },
  "nothing as a value": { give: ({ observe }) => observe(weights), metric: "mill.weights", mistake: "amount", says: /value is undefined/ },
  "a text as a value": {
    give: ({ observe }) => observe(weights, "1"),
    metric: "mill.weights",
    mistake: "amount",
    says: /value is 1: give a finite number/,
  },
  "a revoked Proxy as a value": {
    give: ({ observe }) => observe(weights, revoked()),
    metric: "mill.weights",
    mistake: "amount",
    says: /finite number/,
  },
  "a counter that no module lists": {
    give: ({ count }) => count(unlisted.counter),
    metric: "mill.unlisted",
    mistake: "unlisted",
    says: /add it to module\(\{ metrics \}\)/,
  },
  "a histogram that no module lists": {
    give: ({ observe }) => observe(unlisted.histogram, 1),
    metric: "mill.apart",
    mistake: "unlisted",
    says: /add it to module/,
  },
  "a copy of a metric": { give: ({ count }) => count({ ...plain }), metric: "mill.plain", mistake: "unlisted", says: /add it to module/ },
  "no metric": {
    give: ({ count }) => count(undefined),
    metric: "something that is no metric",
    mistake: "unlisted",
    says: /Give a metric that a module lists/,
  },
  "a revoked Proxy as a metric": {
    give: ({ observe }) => observe(revoked(), 1),
    metric: "something that is no metric",
    mistake: "unlisted",
    says: /Give a metric/,
  },
  "a histogram that is counted": {
    give: ({ count }) => count(weights),
    metric: "mill.weights",
    mistake: "kind",
    says: /It is a histogram: use observe/,
  },
  "a counter that observes": {
    give: ({ observe }) => observe(plain, -1),
    metric: "mill.plain",
    mistake: "kind",
    says: /It is a counter: use count/,
  },
};

interface Line {
  readonly level: string;
  readonly message: string;
  readonly operation: string;
  readonly fields: { readonly metric: string };
}

describe("a count that is wrong", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  after(() => database.drop());

  const opened = async () => {
    const lines: Line[] = [];
    const sink = prometheus();
    const write = (line: string) => {
      const read = JSON.parse(line) as Line;
      if (read.level === "error") lines.push(read);
    };
    const app = await testApp({
      modules: [
        module("mill", { operations: [...Object.values(places), ...Object.values(tasks)], metrics: [made, plain, sizes, weights] }),
      ],
      ...{ database, actor: testActor(), telemetry: [logs({ destination: { write } }), sink] },
    });
    return { app, lines, shown: () => sink.expose!().body };
  };
  /** Runs at a place, and asserts that it succeeded; a task on its only attempt. */
  const runs = async (app: TestApp, place: string, give: (scope: Counting) => void) => {
    act = give;
    if (place in places) {
      assert.deepEqual(await app.call(places[place as keyof typeof places], {}), {}, place);
      return;
    }
    const ended = app.app.tasks.signals.ended.next();
    await app.app.tasks.start(tasks[place as keyof typeof tasks], {});
    assert.equal((await ended).outcome, "completed", place);
  };

  for (const place of [...Object.keys(places), ...Object.keys(tasks)])
    it(`fails no ${place}, is left out, and is reported with metric, operation, what is wrong and what to do`, async () => {
      const { app, lines, shown } = await opened();
      await using _ = app;
      let reported = 0;
      for (const [what, { give, metric, says }] of Object.entries(wrong)) {
        lines.length = 0;
        await runs(app, place, (scope) => {
          give(scope);
          scope.count(plain);
        });
        const [line] = lines;
        // Of the same mistake with the same metric only the first is worth a line.
        if (line === undefined) continue;
        reported++;
        assert.equal(lines.length, 1, what);
        assert.match(line.message, says, what);
        assert.match(line.message, /The count is left out, and the execution continues/, what);
        assert.deepEqual([line.operation, line.fields.metric], [`mill.${place}`, metric], what);
        assert.ok(line.message.includes(`mill.${place} counts ${metric} wrongly`), what);
      }
      assert.equal(reported, new Set(Object.values(wrong).map(({ metric, mistake }) => `${metric} ${mistake}`)).size);
      const total = Object.keys(wrong).length;
      const leftOut = [...shown().matchAll(/^plimsoll_counts_left_out_total\{.*\} (\d+)$/gm)];
      assert.equal(
        leftOut.reduce((sum, [, times]) => sum + Number(times), 0),
        total,
        "each is counted as left out",
      );
      assert.match(shown(), new RegExp(`^mill_plain_total ${total}$`, "m"), "what is counted beside it counts");
      assert.doesNotMatch(shown(), /^mill_(?:made_total|sizes_count|weights_count)/m);
    });

  for (const [what, { give, metric, says }] of Object.entries(wrong))
    it(`says what is wrong: ${what}`, async () => {
      const { app, lines } = await opened();
      await using _ = app;
      await runs(app, "command", give);
      assert.deepEqual(
        lines.map((line) => [line.operation, line.fields.metric]),
        [["mill.command", metric]],
      );
      assert.match(lines[0]?.message ?? "", says);
    });

  it("does not flood the log: the first, the tenth, the hundredth and the thousandth are reported", async () => {
    const { app, lines, shown } = await opened();
    await using _ = app;
    await runs(app, "action", ({ count }) => {
      for (let nth = 0; nth < 1_234; nth++) count(made, {});
    });
    assert.equal(lines.length, 4);
    assert.match(lines[3]?.message ?? "", /\(1000 times so far\)/);
    assert.match(shown(), /^plimsoll_counts_left_out_total\{operation="mill.action",metric="mill.made"\} 1234$/m);
  });

  it("does not flood it either where each has another name, and memory is bounded", async () => {
    const { app, lines } = await opened();
    await using _ = app;
    await runs(app, "action", ({ count }) => {
      for (let nth = 0; nth < 20_000; nth++) count({ name: `made.${nth}` });
    });
    // A thousand are distinguished; of the rest the first, the tenth, the hundredth, the thousandth and the ten thousandth.
    assert.equal(lines.length, 1_005);
  });

  it("fails nothing, whatever is given as metric, value and labels", async () => {
    const { app } = await opened();
    await using _ = app;
    // By name where it is hostile, so that what failed can be made and printed.
    const hostile: Readonly<Record<string, () => unknown>> = {
      revoked,
      "throws as text": () => ({ toString: no, valueOf: no }),
      symbol: () => Symbol("s"),
    };
    const plainly = fc.anything({
      ...{ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withObjectString: true, withBoxedValues: true },
    });
    const one = fc.oneof(
      plainly.map((value) => ({ value })),
      fc.constantFrom(...Object.keys(hostile)).map((name) => ({ name })),
    );
    type One = { readonly value: unknown } | { readonly name: string };
    const make = (from: One) => ("name" in from ? hostile[from.name]?.() : from.value);
    const labels = fc.oneof(
      one.map((of) => ({ of })),
      fc.record({ by: one, at: fc.option(one, { nil: undefined }) }),
    );
    const makeLabels = (from: { readonly of: One } | { readonly by: One; readonly at: One | undefined }) =>
      "of" in from ? make(from.of) : { by: make(from.by), ...(from.at && { at: make(from.at) }) };
    const listedOrNot = [made, plain, sizes, weights, unlisted.counter];
    const metric = fc.oneof(fc.nat({ max: listedOrNot.length - 1 }), one);
    const place = fc.constantFrom(...Object.keys(places));
    await fc.assert(
      fc.asyncProperty(place, metric, one, labels, async (at, which, value, labelled) => {
        const counted = typeof which === "number" ? listedOrNot[which] : make(which);
        await runs(app, at, ({ count, observe }) => {
          assert.equal(count(counted, makeLabels(labelled)), undefined);
          assert.equal(observe(counted, make(value), makeLabels(labelled)), undefined);
        });
      }),
      { numRuns: 300 },
    );
  });
});
