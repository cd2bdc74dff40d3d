// What an operation says of itself is its reply: only what its process refuses is asked of another.
import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { type App, action, fault, module, signedIn } from "plimsoll";
import { z } from "zod";
import { Fault } from "../../../src/core/fault.ts";
import { ann, startCallee, startCaller } from "./two-apps.ts";

const Closed = fault("shelf_closed", { code: "unavailable", message: "The shelf is closed. Ask again tomorrow." });
let runs = 0;
const look = action("shelf.look", {
  ...{ input: z.object({}), output: z.object({}), faults: [Closed], access: signedIn(), budget: "5s", idempotent: "natural" },
  async run(_, { fail }) {
    runs += 1;
    return fail(Closed, {});
  },
});
/** How the first run ends, as its database or what admits calls lets it; the second succeeds. */
const refused = action("shelf.refused", {
  ...{ input: z.object({ type: z.string() }), output: z.object({}), access: signedIn(), budget: "5s", idempotent: "natural" },
  async run({ type }) {
    runs += 1;
    if (runs === 1) throw new Fault({ code: "unavailable", type, message: "Nothing was changed; try again shortly." });
    return {};
  },
});
const shelf = module("shelf", { operations: [look, refused] });
let callee: App & { readonly url: string };
let caller: App;

before(async () => {
  callee = await startCallee([shelf]);
  caller = await startCaller({ module: shelf, url: callee.url });
});
beforeEach(() => {
  runs = 0;
});
after(async () => {
  await caller?.stop();
  await callee?.stop();
});

it("an operation that fails as unavailable is called once: it has tried what it could", async () => {
  await assert.rejects(caller.call(look, {}, { actor: ann }), { code: "unavailable", type: "shelf_closed" });
  assert.equal(runs, 1);
});

for (const type of ["overloaded", "shutting_down", "database_unavailable"])
  it(`what a process refuses as ${type} is asked once more`, async () => {
    await caller.call(refused, { type }, { actor: ann });
    assert.equal(runs, 2);
  });
