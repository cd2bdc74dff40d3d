import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { createApp } from "../../src/app/app.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { gate } from "../e2e/http/app.ts";

describe("a stop of an app without surfaces", () => {
  it("waits for a direct call that is under way, and its caller gets the output", async () => {
    const clock = new TestClock();
    const entered = gate();
    const left = gate();
    const slow = action("t.slow", {
      ...{ input: z.object({}), output: z.object({ done: z.boolean() }), access: "public", idempotent: "natural", budget: "5m" },
      run: async () => {
        entered.open();
        await left.opened;
        return { done: true };
      },
    });
    const app = createApp({ modules: [module("t", { operations: [slow] })], shutdown: "1m", clock });
    await app.start();
    const called = app.call(slow, {});
    await entered.opened;
    const stopping = app.signals.stopping.next();
    const stopped = app.stop();
    await stopping;
    await clock.advance(30_000);
    left.open();
    assert.deepEqual(await called, { done: true });
    await stopped;
  });
});
