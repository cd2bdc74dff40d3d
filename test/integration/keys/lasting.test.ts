import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { module, saga, snooze, subscription, task } from "plimsoll";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { Fault } from "../../../src/core/fault.ts";
import { limits } from "../../../src/core/limits.ts";
import { ann, bodies, book, emptySagas, entries, moveTime, paid, pay, trips } from "../../sagas/trips/trips.ts";
import { taskTables } from "../../tasks/books/task-tables.ts";
import { seen } from "../scratch.ts";

/** What the work does after it has called; set by each test. */
const then: { run: () => void } = { run: () => undefined };
const away = () => {
  throw new Fault({ code: "unavailable", message: "away" });
};
const Named = z.object({ name: z.string() });
const work = task("later.work", {
  ...{ input: Named, budget: "20s", retry: { attempts: 1 } },
  async run({ name }, { call }) {
    await call(book, { name });
    await call(book, { name });
    then.run();
  },
});
const onPaid = subscription("later.on-paid", {
  ...{ on: [paid], budget: "20s", retry: { attempts: 1 }, onFailure: "stop" },
  async run({ name }, { call }) {
    await call(book, { name });
    then.run();
  },
});
const asking = saga("later.asking", {
  input: Named,
  budget: "30d",
  onFailure: "ask",
  run: async (input, scope) => bodies.get("later.asking")?.(input, scope),
});
const later = module("later", { operations: [work, onPaid, asking] });

describe("the key of a call that durable work makes", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules: [trips, later] });
    app = await testApp({ modules: [trips, later], database, actor: ann });
  });
  afterEach(async () => {
    bodies.clear();
    then.run = () => undefined;
    await moveTime(database, "0");
    await database.admin("truncate plimsoll.idempotency");
    await emptySagas(database);
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });

  const once = (fails: () => void) => {
    then.run = () => {
      then.run = () => undefined;
      fails();
    };
  };
  const start = () => app.app.tasks.start(work, { name: "one" }, { tenant: "acme" });
  const hoursKept = async () =>
    (
      await database.admin<{ hours: number }>(
        "select round(extract(epoch from expires_at - plimsoll.now()) / 3600)::integer as hours from plimsoll.idempotency",
      )
    ).map(({ hours }) => hours);
  const keptFor = (hours: number, count: number) =>
    seen(
      database.adminUrl,
      `select from (select count(*) as n from plimsoll.idempotency where round(extract(epoch from expires_at - plimsoll.now()) / 3600) = $1) c where n = $2`,
      [hours, count],
    );
  const hour = 3_600_000;

  it("is known when a task runs again after days", async () => {
    once(() => {
      throw snooze("3d");
    });
    await start();
    await keptFor(limits.derivedKeyMs / hour, 2);
    await moveTime(database, "73 hours");
    await keptFor(limits.idempotencyTtlMs / hour, 2);
    assert.deepEqual(await entries(database), ["one", "one"]);
  });

  it("is known when a person has a dead letter run again after days", async () => {
    once(away);
    await start();
    await seen(database.adminUrl, `select from ${taskTables.deadLetters} where name = $1`, [work.name]);
    await moveTime(database, "73 hours");
    assert.equal(await app.app.tasks.requeue({ name: work.name }), 1);
    await keptFor(limits.idempotencyTtlMs / hour, 2);
    assert.deepEqual(await entries(database), ["one", "one"]);
  });

  it("is known when a person has an event handled again after days", async () => {
    once(away);
    await app.call(pay, { name: "one", cents: 1 });
    const { subscription: name, id } = await seen<{ subscription: string; id: string }>(
      database.adminUrl,
      "select subscription, id from plimsoll.parked_events where due = 'infinity'",
    );
    await moveTime(database, "73 hours");
    assert.equal(await app.app.events.retry(name, id), true);
    await keptFor(limits.idempotencyTtlMs / hour, 1);
    assert.deepEqual(await entries(database), ["one"]);
  });

  it("is known when a person has a step run again after days, and of one step as long as that runs, whatever runs beside it", async () => {
    let tries = 0;
    bodies.set("later.asking", async (_, { step }) => {
      // The one that fails calls first, and fails when the other is done.
      const called = Promise.withResolvers<void>();
      const done = step("done", async ({ call }) => {
        await called.promise;
        await call(book, { name: "done" });
      });
      const fails = step("fails", async ({ call }) => {
        await call(book, { name: "fails" });
        called.resolve();
        if (++tries > 1) return;
        await done;
        throw new Fault({ code: "not_found", message: "none" });
      });
      await Promise.all([done, fails]);
    });
    const suspended = app.app.sagas.signals.ended.next(({ state }) => state === "suspended");
    const { id } = await app.app.sagas.start(asking, { name: "one" }, { tenant: "acme", actor: "ann" });
    await suspended;
    await keptFor(limits.idempotencyTtlMs / hour, 1);
    assert.deepEqual((await hoursKept()).toSorted(), [limits.idempotencyTtlMs / hour, limits.derivedKeyMs / hour]);
    await moveTime(database, "73 hours");
    await app.app.sagas.retry(id, "it is there now");
    await app.app.sagas.result(asking, id);
    assert.equal(tries, 2);
    assert.deepEqual((await entries(database)).toSorted(), ["done", "fails"]);
  });

  it("is kept as the key of any other call once the work is done", async () => {
    await start();
    await keptFor(limits.idempotencyTtlMs / hour, 2);
    await app.call(pay, { name: "two", cents: 1 });
    await keptFor(limits.idempotencyTtlMs / hour, 3 + 1);
  });
});
