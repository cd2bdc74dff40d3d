import assert from "node:assert/strict";
import { it } from "node:test";
import { z } from "zod";
import { createApp, runtimeOf } from "../../src/app/app.ts";
import { role } from "../../src/operation/access.ts";
import { module } from "../../src/operation/module.ts";
import { command } from "../../src/operation/online/command.ts";
import { testActor } from "../../src/testing/test-app.ts";

it("gives its slot back when a key is missing", async () => {
  const place = command("orders.place", {
    input: z.object({}),
    output: z.object({}),
    access: role("customer"),
    idempotent: "key",
    budget: "1s",
    run: async () => ({}),
  });
  const app = createApp({ modules: [module("orders", { operations: [place] })] });
  await app.start();
  await assert.rejects(app.call(place, {}, { actor: testActor({ roles: ["customer"] }) }), { type: "idempotency_key_missing" });
  const { slots } = runtimeOf(app).operation(place.name);
  assert.deepEqual([runtimeOf(app).inFlight, slots.running, runtimeOf(app).slots.running], [0, 0, 0]);
  await app.stop();
});
