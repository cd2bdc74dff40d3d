import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { createApp, exponential, module, saga, subscription, task } from "plimsoll";
import { accessTable, type TestApp, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { act, ann, balances, bank, deposited } from "../sourcing/bank.ts";

const hourly = { attempts: 3, backoff: exponential("1h", { max: "1h", jitter: "none" }) };
const handled: string[] = [];
/** Fails once for 7 cents. */
const watch = subscription("desk.watch", {
  ...{ on: [deposited], budget: "20s", from: "beginning", retry: hourly },
  async run({ cents }, { attempt }) {
    handled.push(`${cents} at ${attempt}`);
    if (cents === 7 && attempt === 1) throw new RangeError("meant to fail");
  },
});
const settle = saga("desk.settle", {
  ...{ input: z.object({ account: z.string() }), budget: "3d" },
  async run({ account }, { step, sleep }) {
    await step("first", async () => void handled.push(`${account} first`));
    await sleep("pause", "2h");
    await step("last", async () => void handled.push(`${account} last`));
  },
});
const desk = module("desk", { operations: [watch, settle] });

describe("a test app without tasks runs until it is idle", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules: [bank, desk] });
    app = await testApp({ modules: [bank, desk], database, actor: ann });
  });
  after(async () => {
    await app?.stop();
    await database.drop();
  });
  afterEach(() => void handled.splice(0));
  const rows = () => database.admin<{ total_cents: number }>("select total_cents::int from bank.balances order by account");
  const deposit = (account: string, cents: number) => app.call(act, { kind: "deposit", account, cents });

  it("with what subscriptions handle and projections apply", async () => {
    await app.call(act, { kind: "open", account: "a" });
    for (let cents = 1; cents <= 5; cents++) await deposit("a", cents);
    assert.ok((await app.runUntilIdle()) > 0);
    assert.deepEqual(await rows(), [{ total_cents: 15 }]);
    assert.deepEqual(
      handled,
      [1, 2, 3, 4, 5].map((cents) => `${cents} at 1`),
    );
    assert.equal(await app.runUntilIdle(), 0);
  });

  it("with the rebuild of a projection, and without one that is paused", async () => {
    await database.admin("update bank.balances set total_cents = 1");
    await app.app.events.projections.rebuild(balances.name);
    await app.runUntilIdle();
    assert.deepEqual(await rows(), [{ total_cents: 15 }]);
    await app.app.events.pause(balances.name);
    await deposit("a", 1);
    await app.runUntilIdle();
    assert.deepEqual([await rows(), handled], [[{ total_cents: 15 }], ["1 at 1"]]);
    await app.app.events.resume(balances.name);
    await app.runUntilIdle();
    assert.deepEqual(await rows(), [{ total_cents: 16 }]);
  });

  it("with sagas and retries of subscriptions, and goes on to those that are due later when it is asked to", async () => {
    await app.app.sagas.start(settle, { account: "a" });
    await deposit("a", 7);
    await app.runUntilIdle();
    assert.deepEqual(handled.toSorted(), ["7 at 1", "a first"]);
    await app.runUntilIdle({ ahead: "90m" });
    assert.deepEqual(handled.slice(2), ["7 at 2"]);
    await app.runUntilIdle({ ahead: "3h" });
    assert.deepEqual(handled.slice(3), ["a last"]);
  });

  it("and refuses where it runs none of them", async () => {
    await using idle = await testApp({ modules: [bank, desk], database, roles: ["serve"] });
    await assert.rejects(idle.runUntilIdle(), { type: "tasks_not_run" });
  });
});

describe("an app without a database does not start", () => {
  const mail = task("desk.mail", { input: z.object({}), budget: "20s", run: async () => undefined });
  const lists = [
    ["subscription", watch],
    ["saga", settle],
    ["task", mail],
  ] as const;
  for (const [kind, operation] of lists)
    it(`where it has a ${kind}`, async () => {
      const { migrations: _, schema: __, projections: ___, ...events } = bank;
      await assert.rejects(createApp({ modules: [events, module("desk", { operations: [operation] })] }).start(), {
        ...{ type: "app_invalid", message: new RegExp(`${operation.name}: ${kind}: A ${kind} is kept by a database.*Give createApp one`) },
      });
    });

  it("where it has projections, and says so of each", async () => {
    const problems = (error: unknown) => {
      const { message } = error as { message: string };
      return /bank\.balances: projection: A projection is kept by a database/.test(message) && /bank\.owners: projection/.test(message);
    };
    await assert.rejects(createApp({ modules: [bank] }).start(), problems);
  });

  it("but can be described: who may do what, and its documents", () => {
    assert.match(accessTable(createApp({ modules: [bank] })), /bank\.act/);
  });
});
