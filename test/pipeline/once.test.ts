import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action, module } from "plimsoll";
import { testApp } from "plimsoll/testing";
import { z } from "zod";

/** A handler that ignores its deadline: it ends when the test ends it. */
function deaf() {
  const handlers: PromiseWithResolvers<Record<string, never>>[] = [];
  const operation = action("once.deaf", {
    ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no" },
    budget: { deadline: "20ms", concurrency: 1, queue: 0 },
    run: () => {
      const handler = Promise.withResolvers<Record<string, never>>();
      handlers.push(handler);
      return handler.promise;
    },
  });
  return { handlers, operation, modules: [module("once", { operations: [operation] })] };
}

describe("an execution whose deadline passed (as before)", () => {
  for (const [how, end] of [
    ["returns", (handler: PromiseWithResolvers<Record<string, never>>) => handler.resolve({})],
    ["throws", (handler: PromiseWithResolvers<Record<string, never>>) => handler.reject(new Error("late"))],
  ] as const)
    it(`ends once where its handler ${how} afterwards, and holds its slot until then`, async () => {
      const { handlers, operation, modules } = deaf();
      await using app = await testApp({ modules });
      const outcomes: string[] = [];
      app.signals.executed.on(({ outcome }) => outcomes.push(outcome));
      await assert.rejects(app.call(operation, {}), { code: "deadline_exceeded" });
      await assert.rejects(app.call(operation, {}), { code: "unavailable" });
      assert.deepEqual([handlers.length, outcomes], [1, ["deadline_exceeded", "unavailable"]]);
      end(handlers[0]!);
      await handlers[0]!.promise.catch(() => undefined);
      await new Promise(setImmediate);
      assert.deepEqual(outcomes, ["deadline_exceeded", "unavailable"]);
      const next = app.call(operation, {});
      handlers[1]!.resolve({});
      assert.deepEqual(await next, {});
    });
});
