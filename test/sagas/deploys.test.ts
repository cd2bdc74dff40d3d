import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { module, type SagaScope, saga } from "plimsoll";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";

// Sagas that are under way while their code changes.

type Body = (input: { readonly n: number }, scope: SagaScope) => Promise<unknown>;
const ran: string[] = [];
const work = (name: string) => async () => {
  ran.push(name);
  return name;
};

const first: Body = async (_, { step, sleep }) => {
  await step("a", work("a"));
  await step("b", work("b"));
  await sleep("rest", "1h");
  return step("c", work("c"));
};

const declare = (
  run: Body,
  spec: { readonly version?: number; readonly earlier?: Record<number, Body>; readonly renamed?: Record<string, string> } = {},
) => saga("deploys.trip", { input: z.object({ n: z.int() }), budget: "1d", run, ...spec });

interface Deploy {
  readonly code: ReturnType<typeof declare> | undefined;
  /** What ran in all, or how it stopped. */
  readonly ends: readonly string[] | RegExp | "waits";
  readonly verdict: string;
}

const deploys: Readonly<Record<string, Deploy>> = {
  "a step is added at the end": {
    code: declare(async (_, { step, sleep }) => {
      await step("a", work("a"));
      await step("b", work("b"));
      await sleep("rest", "1h");
      await step("c", work("c"));
      return step("d", work("d"));
    }),
    ends: ["a", "b", "c", "d"],
    verdict: "continues +d -",
  },
  "a step is added in the middle": {
    code: declare(async (_, { step, sleep }) => {
      await step("a", work("a"));
      await step("x", work("x"));
      await step("b", work("b"));
      await sleep("rest", "1h");
      return step("c", work("c"));
    }),
    ends: ["a", "b", "x", "c"],
    verdict: "continues +x -",
  },
  "a step is removed": {
    code: declare(async (_, { step, sleep }) => {
      await step("a", work("a"));
      await sleep("rest", "1h");
      return step("c", work("c"));
    }),
    ends: ["a", "b", "c"],
    verdict: "continues + -b",
  },
  "steps are reordered": {
    code: declare(async (_, { step, sleep }) => {
      await step("b", work("b"));
      await step("a", work("a"));
      await sleep("rest", "1h");
      return step("c", work("c"));
    }),
    ends: ["a", "b", "c"],
    verdict: "continues + -",
  },
  "a step may be renamed": {
    code: declare(async (_, { step, sleep }) => {
      await step("a", work("a"));
      await step("bb", work("bb"));
      await sleep("rest", "1h");
      return step("c", work("c"));
    }),
    ends: /saga_code_changed.*step \\"bb\\".*recorded: \\"b\\"/,
    verdict: "may-stop +bb -b",
  },
  "a step is renamed, and the saga says so": {
    code: declare(
      async (_, { step, sleep }) => {
        await step("a", work("a"));
        await step("bb", work("bb"));
        await sleep("rest", "1h");
        return step("c", work("c"));
      },
      { renamed: { bb: "b" } },
    ),
    ends: ["a", "b", "c"],
    verdict: "continues +bb -b",
  },
  "it gets another version, and keeps the earlier one": {
    code: declare(async (_, { step }) => step("z", work("z")), { version: 2, earlier: { 1: first } }),
    ends: ["a", "b", "c"],
    verdict: "",
  },
  "it gets another version": {
    code: declare(async (_, { step }) => step("z", work("z")), { version: 2 }),
    ends: "waits",
    verdict: "no-code + -",
  },
  "its code is gone": { code: undefined, ends: "waits", verdict: "no-code + -" },
};

describe("a saga that is under way while its code changes", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [] });
  });
  after(() => database.drop());

  const other = saga("deploys.other", { input: z.object({}), budget: "1m", run: async () => "fine" });
  const start = (code: Deploy["code"]): Promise<TestApp> =>
    testApp({ modules: [module("deploys", { operations: [other, ...(code === undefined ? [] : [code])] })], database });
  const moveTime = (by: string) => database.admin("select plimsoll.set_clock_offset($1::interval)", [by]);

  for (const [name, { code, ends, verdict }] of Object.entries(deploys))
    it(`continues, or says why not, where ${name}`, async () => {
      ran.length = 0;
      await database.admin("truncate plimsoll.sagas, plimsoll.saga_steps");
      const old = declare(first);
      const earlier = await start(old);
      const parked = earlier.app.sagas.signals.ended.next();
      const { id } = await earlier.app.sagas.start(old, { n: 1 });
      await parked;
      await earlier.stop();
      const later = await start(code);
      const { sagas } = later.app;
      const changes = await sagas.check();
      assert.equal(changes.map((change) => `${change.verdict} +${change.added.join()} -${change.removed.join()}`).join(), verdict);
      const ended = sagas.signals.ended.next();
      await moveTime("2 hours");
      if (ends === "waits") {
        await sagas.lookNow();
        const fine = await sagas.start(other, {});
        assert.equal(await sagas.result(other, fine.id), "fine", "it holds nothing else up");
        assert.equal((await sagas.read(id))?.state, "sleeping");
        assert.deepEqual(ran, ["a", "b"]);
      } else if (ends instanceof RegExp) {
        const { state, fault } = await ended;
        assert.equal(state, "suspended");
        assert.match(fault ?? "", ends);
        assert.deepEqual(ran, ["a", "b"]);
      } else {
        await sagas.result(code ?? old, id);
        assert.deepEqual(ran, ends);
      }
      // In this order: what the worker holds until an hour that has not come yet would keep those that follow from it.
      await later.stop();
      await moveTime("0");
    });

  it("is run once more from its journal in development, and says which call differs", async () => {
    let runs = 0;
    const code = declare(async (_, { step }) => {
      runs++;
      await step("a", work("a"));
      return step(`at-${runs}`, work("at"));
    });
    const app = await start(code);
    const ended = app.app.sagas.signals.ended.next();
    await app.app.sagas.start(code, { n: 1 });
    const { state, fault } = await ended;
    assert.equal(state, "suspended");
    assert.match(fault ?? "", /saga_not_repeatable.*asked for the step \\"at-2\\"/);
    await app.stop();
  });
});
