import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action, signedIn } from "plimsoll";
import { testActor } from "plimsoll/testing";
import { z } from "zod";
import { type Actor, authenticator } from "../../src/operation/actor.ts";
import { serve } from "../e2e/http/app.ts";

describe("an execution whose deadline passed while it waited for a step", () => {
  for (const end of ["resolves", "rejects"] as const)
    it(`ends once where a step that it waits for ${end} afterwards`, async () => {
      const verdict = Promise.withResolvers<Actor>();
      const own = action("t.own", {
        ...{ input: z.object({}), output: z.object({}), access: signedIn(), idempotent: "no", http: "POST /own" },
        budget: "20ms",
        run: async () => ({}),
      });
      await using served = await serve([own], { authentication: authenticator({ authenticate: () => verdict.promise }) });
      const outcomes: string[] = [];
      served.app.signals.executed.on(({ outcome }) => outcomes.push(outcome));
      const { json } = await served.ask("POST", "/own", { headers: { authorization: "Bearer late" } });
      assert.equal(json.code, "deadline_exceeded");
      if (end === "rejects") verdict.reject(new Error("late"));
      else verdict.resolve(testActor());
      await new Promise(setImmediate);
      assert.deepEqual(outcomes, ["deadline_exceeded"]);
    });
});
