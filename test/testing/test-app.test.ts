import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action, module, role } from "plimsoll";
import { testActor, testApp } from "plimsoll/testing";
import { z } from "zod";

const input = z.object({ name: z.string().max(5) });
const common = { input, output: input, idempotent: "no" } as const;
const greet = action("same.greet", { ...common, access: role("clerk"), budget: "1s", run: async ({ name }) => ({ name }) });
const waits = action("same.wait", {
  ...{ ...common, access: "public", budget: "20ms" },
  run: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
});
const modules = [module("same", { operations: [greet, waits] })];

describe("testApp refuses what a server refuses:", () => {
  it("an actor without access (as before)", async () => {
    await using app = await testApp({ modules });
    assert.deepEqual(await app.as(testActor({ roles: ["clerk"] })).call(greet, { name: "ann" }), { name: "ann" });
    await assert.rejects(app.as(testActor({ roles: ["guest"] })).call(greet, { name: "ann" }), { code: "permission_denied" });
    await assert.rejects(app.call(greet, { name: "ann" }), { code: "unauthenticated" });
  });

  it("an input that does not fit, and a handler that takes too long (as before)", async () => {
    await using app = await testApp({ modules, actor: testActor({ roles: ["clerk"] }) });
    await assert.rejects(app.call(greet, { name: "much too long" }), { code: "invalid_argument" });
    await assert.rejects(app.call(waits, { name: "" }), { code: "deadline_exceeded" });
  });
});
