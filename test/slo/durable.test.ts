import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, event, exponential, fault, module, saga, signedIn, subscription, task } from "plimsoll";
import { type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";

const input = z.object({ how: z.enum(["well", "late", "never", "declined"]) });
const retry = { attempts: 3, backoff: exponential("1ms", { max: "1ms" }) };
const Down = fault("down", { code: "unavailable", message: "The bank does not respond." });
const Declined = fault("declined", { code: "failed_precondition", message: "The bank declines." });

/** Fails as it is asked to: `late` succeeds with its second attempt. */
function work(how: string, attempt: number): void {
  if (how === "never" || (how === "late" && attempt === 1)) throw new Down({});
}

const asked = event("posts.asked", { data: input, key: ({ how }) => how });
const ask = command("posts.ask", {
  ...{ input, output: z.object({}), access: signedIn(), idempotent: "no", budget: "5s", emits: [asked] },
  run: async (data, { emit }) => {
    emit(asked, data);
    return {};
  },
});
const send = task("posts.send", { input, retry, budget: "5s", run: async ({ how }, { attempt }) => work(how, attempt) });
const react = subscription("posts.react", { on: [asked], retry, budget: "5s", run: async ({ how }, { attempt }) => work(how, attempt) });
const pay = saga("posts.pay", {
  ...{ input, retry, budget: "1m" },
  run: async ({ how }, { step }) => {
    await step("reserve", { run: async () => 1, undo: async () => undefined });
    await step("charge", async ({ attempt }) => {
      if (how === "declined") throw new Declined({});
      work(how, attempt);
    });
  },
});
const posts = module("posts", { operations: [ask, send, react, pay], events: [asked] });

describe("durable work", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [posts] });
  });
  after(() => database.drop());

  it("is counted once, when it has ended for good", async () => {
    await using app = await testApp({ modules: [posts], database, actor: testActor({ id: "ann", tenant: "acme" }) });
    const counts = (name: string) => {
      const { good, total } = runtimeOf(app.app).operation(name).objective;
      return [good, total];
    };
    const ends: string[] = [];
    app.app.events.signals.handled.on(({ outcome }) => void ends.push(outcome));
    const from = { tenant: "acme", actor: "ann" };
    for (const how of ["well", "late", "never"] as const) {
      await app.app.tasks.start(send, { how }, from);
      await app.call(ask, { how });
    }
    for (const how of ["well", "late", "never", "declined"] as const) await app.app.sagas.start(pay, { how }, from);
    await app.runUntilIdle({ ahead: "1d" });
    assert.deepEqual(counts("posts.send"), [2, 3]);
    // A reader may find an event once more whose outcome is being written: each end is counted.
    const done = ends.filter((outcome) => outcome === "done").length;
    const failed = ends.filter((outcome) => outcome === "dead_lettered").length;
    assert.deepEqual(counts("posts.react"), [done, done + failed]);
    assert.ok(done >= 2 && failed >= 1 && ends.includes("parked"), ends.join());
    // What was undone because the bank declined is no failure; what was undone because it did not respond is one.
    assert.deepEqual(counts("posts.pay"), [2, 3]);
    assert.deepEqual(counts("posts.ask"), [3, 3]);
  });
});
