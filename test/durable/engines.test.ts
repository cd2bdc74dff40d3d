import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createApp, exponential, saga, type TaskScope, task } from "plimsoll";
import type { EngineSource, StartContext, Starts } from "plimsoll/ports";
import { type EngineSample, engineConformance, type TestDatabase, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { relayEngine } from "./toy/engine.ts";
import { relay, relays } from "./toy/relay.ts";

const input = z.object({ note: z.string() });
const tenancy = { description: "of the actor", tenantOf: (asks: { readonly tenant: string | undefined }) => asks.tenant };
const roles = (works: boolean) => (works ? (["serve", "worker"] as const) : (["serve"] as const));

/** The engine of the tests, with another context in the place of the one that a start comes with. */
function withContext(change: (from: StartContext) => StartContext): EngineSource {
  return {
    open: (host) => {
      const engine = relayEngine.open(host);
      const starts: Starts = {
        start: (from, work, start) => engine.starts.start(change(from), work, start),
        prepare: (work, occurrence) => engine.starts.prepare(work, occurrence),
        committed: (names) => engine.starts.committed(names),
      };
      return { kinds: engine.kinds, service: engine.service, pages: engine.pages, starts };
    },
  };
}

describe("an engine of durable work", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [relays] });
  });
  after(() => database.drop());

  const tasks: EngineSample = {
    input,
    declare: (name, run) => task(name, { input, run, budget: "10s", retry: { backoff: exponential("1ms", { max: "1ms" }) } }),
    makeApp: (conformance, works) => createApp({ modules: [conformance], database, tenancy, roles: roles(works) }),
  };
  // What a task does, as the only step of a saga.
  const sagas: EngineSample = {
    input,
    declare: (name, run) =>
      saga(name, {
        ...{ input, budget: "1m", retry: { backoff: exponential("1ms", { max: "1ms" }) } },
        run: async (given, { step }) => void (await step("work", async (scope) => void (await run(given, scope as TaskScope)))),
      }),
    makeApp: tasks.makeApp,
  };
  const toy = (engine = relayEngine): EngineSample => ({
    input,
    declare: (name, run) => relay(name, { input, run }),
    makeApp: (conformance, works) =>
      createApp({ modules: [relays, conformance], database, tenancy, roles: roles(works), engines: [engine] }),
  });

  describe("such as tasks", () => {
    for (const { name, run } of engineConformance(tasks)) it(name, run);
  });

  describe("such as sagas", () => {
    for (const { name, run } of engineConformance(sagas)) it(name, run);
  });

  describe("such as that of the tests", () => {
    for (const { name, run } of engineConformance(toy())) it(name, run);
  });

  const planted: readonly (readonly [string, EngineSource, readonly string[]])[] = [
    [
      "writes apart from the transaction that starts",
      withContext((from) => ({ ...from, transaction: undefined })),
      ["runs nothing of a command that failed", "starts what a commit started, and nothing of one that failed"],
    ],
    [
      "forgets for whom work was started",
      withContext((from) => ({ ...from, tenant: undefined })),
      ["starts one piece of work for a key of a tenant", "runs as system, for who started it"],
    ],
  ];
  for (const [bug, engine, expected] of planted)
    it(`fails its conformance suite where it ${bug}`, async () => {
      const failed: string[] = [];
      for (const { name, run } of engineConformance(toy(engine))) await run().catch(() => failed.push(name));
      assert.deepEqual(failed, expected);
    });
});
