// A rate per caller is counted where the operation runs; the process that calls it refuses a flood too, before it takes slots and costs a call.
import assert from "node:assert/strict";
import { it } from "node:test";
import { action, module, rateLimit, signedIn } from "plimsoll";
import { TestClock } from "plimsoll/testing";
import { z } from "zod";
import { sharedRates, ToyServer } from "../../../resilience/toy/shared-rates.ts";
import { ann, startCallee, startCaller } from "../two-apps.ts";

const limit = 3;
const common = { input: z.object({}), output: z.object({}), access: signedIn(), idempotent: "no" } as const;
const rate = () => rateLimit({ per: "actor", limit, period: "1h" });

it("refuses a flood of one caller on its own side, so that others find slots", async (t) => {
  const gate = Promise.withResolvers<void>();
  const runs: string[] = [];
  const print = action("desk.print", {
    ...common,
    budget: { deadline: "30s", concurrency: limit + 1, queue: 0, rate: rate() },
    async run(_, { actor }) {
      runs.push(actor.id);
      await gate.promise;
      return {};
    },
  });
  const desk = module("desk", { operations: [print] });
  const callee = await startCallee([desk]);
  t.after(() => callee.stop());
  const caller = await startCaller({ module: desk, url: callee.url });
  t.after(() => caller.stop());
  t.after(() => gate.resolve());
  const flood = Array.from({ length: 20 }, () => caller.call(print, {}, { actor: ann }).then(() => "ok", typeOf));
  const other = caller.call(print, {}, { actor: { ...ann, id: "ben" } });
  gate.resolve();
  await other;
  const ends = Object.groupBy(await Promise.all(flood), (end) => end);
  assert.deepEqual([ends.ok?.length, ends.rate_limited?.length], [limit, 20 - limit]);
  assert.deepEqual(runs.toSorted(), ["ann", "ann", "ann", "ben"]);
});

it("counts a call once where both processes have one name and one store of rates", async (t) => {
  const look = action("desk.look", { ...common, budget: { deadline: "30s", rate: rate() }, run: async () => ({}) });
  const desk = module("desk", { operations: [look] });
  const store = sharedRates(new ToyServer(new TestClock()));
  const spec = { service: { name: "desk" }, rateLimit: { perSecond: 0, store } };
  const callee = await startCallee([desk], spec);
  t.after(() => callee.stop());
  const caller = await startCaller({ module: desk, url: callee.url }, spec);
  t.after(() => caller.stop());
  const ends: string[] = [];
  for (let n = 0; n <= limit; n++) ends.push(await caller.call(look, {}, { actor: ann }).then(() => "ok", typeOf));
  assert.deepEqual(ends, [...Array.from({ length: limit }, () => "ok"), "rate_limited"]);
});

it("lists the rates of its own operations and of remote ones", async (t) => {
  const shared = { per: "actor", limit, period: "1h", name: "looks" } as const;
  const operation = (name: string) =>
    action(name, { ...common, budget: { deadline: "30s", rate: rateLimit(shared) }, run: async () => ({}) });
  const [desk, hall] = ["desk", "hall"].map((name) => module(name, { operations: [operation(`${name}.look`)] }));
  const caller = await startCaller({ module: desk!, url: "http://127.0.0.1:1", modules: [hall!] });
  t.after(() => caller.stop());
  const listed = caller.loadLines.list().flatMap(({ name }) => (name.startsWith("looks") ? [name] : []));
  assert.deepEqual(listed, ["looks", "looks 2"]);
});

const typeOf = ({ type }: { readonly type: string }) => type;
