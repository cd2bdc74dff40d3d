import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { action } from "../../src/operation/online/action.ts";
import { crashesOf } from "../crashes.ts";
import { serve } from "./http/app.ts";
import { requestText } from "./http/client.ts";

const common = { input: z.object({}), output: z.object({ ok: z.boolean() }), access: "public", budget: "5s", idempotent: "no" } as const;

describe("containment", () => {
  it("answers a throw with 500 and lives on, on the same connection, while others go on", async () => {
    let resume: (() => void) | undefined;
    const begun = Promise.withResolvers<void>();
    const throws = action("t.throws", {
      ...common,
      http: "POST /throws",
      run: async () => {
        throw new TypeError("x is not a function");
      },
    });
    const throwsAtOnce = action("t.throws-at-once", {
      ...common,
      http: "POST /at-once",
      run: () => {
        throw new TypeError("not even a promise");
      },
    });
    const waits = action("t.waits", {
      ...common,
      http: "POST /waits",
      run: async () => {
        await new Promise<void>((resolve) => {
          resume = resolve;
          begun.resolve();
        });
        return { ok: true };
      },
    });
    await using served = await serve([throws, throwsAtOnce, waits]);
    const other = served.ask("POST", "/waits");
    await begun.promise;
    const wire = await served.wire();
    for (const target of ["/throws", "/at-once", "/throws"]) {
      const executed = served.executed();
      const response = await wire.ask(requestText("POST", target).toString());
      assert.deepEqual([response.status, response.headers.connection], [500, "keep-alive"]);
      const { outcome, fault } = await executed;
      assert.equal(outcome, "internal");
      // What was thrown is for the log.
      assert.ok(fault?.cause instanceof TypeError);
    }
    resume?.();
    assert.equal((await other).status, 200);
    await served.idle();
    for (const name of ["t.throws", "t.throws-at-once", "t.waits"]) assert.equal(runtimeOf(served.app).operation(name).slots.running, 0);
    wire.close();
  });

  it("names the operation that held the event loop for a second, and no other", async () => {
    const blocks = action("t.blocks", {
      ...common,
      http: "POST /blocks",
      run: async () => {
        const until = performance.now() + 1_000;
        while (performance.now() < until);
        return { ok: true };
      },
    });
    const quick = action("t.quick", { ...common, http: "POST /quick", run: async () => ({ ok: true }) });
    await using served = await serve([blocks, quick]);
    await served.ask("POST", "/quick");
    const signalled = served.app.signals.loopBlocked.next();
    assert.equal((await served.ask("POST", "/blocks")).status, 200);
    const { operation, blockedMs } = await signalled;
    assert.equal(operation, "t.blocks");
    assert.ok(blockedMs >= 900 && blockedMs < 60_000, `${blockedMs}`);
    assert.equal((await served.ask("POST", "/quick")).status, 200);
  });

  it("does not let a subscriber that throws harm the answer, nor the process", async (t) => {
    const quick = action("t.quick", { ...common, http: "POST /quick", run: async () => ({ ok: true }) });
    await using served = await serve([quick]);
    const crash = Promise.withResolvers<unknown>();
    const crashes = crashesOf(t, crash.resolve);
    const warned = Promise.race([once(process, "warning").then(([warning]) => warning), crash.promise]);
    served.app.signals.executed.on(() => {
      throw new TypeError("a broken subscriber");
    });
    assert.equal((await served.ask("POST", "/quick")).status, 200);
    assert.match(String(await warned), /a broken subscriber/);
    assert.deepEqual(crashes, []);
    assert.equal((await served.ask("POST", "/quick")).status, 200);
  });
});
