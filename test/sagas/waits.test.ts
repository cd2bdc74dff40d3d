import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import type { Fault } from "../../src/core/fault.ts";
import { ann, asks, bodies, emptySagas, paid, pay, SoldOut, travel, tripsApp, tripsDatabase } from "./trips/trips.ts";

describe("a saga that waits", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await tripsDatabase();
    app = await tripsApp(database);
  });
  afterEach(async () => {
    bodies.clear();
    await emptySagas(database);
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });

  const begin = (saga: typeof travel, name = "one") => app.app.sagas.start(saga, { name }, { tenant: "acme", actor: "ann" });
  const finish = async (saga: typeof travel, name?: string): Promise<unknown> => app.app.sagas.result(saga, (await begin(saga, name)).id);
  /** Asks again whenever a run has ended, also one that ended while it asked. */
  const until = async (holds: () => Promise<boolean>) => {
    let ended = Promise.withResolvers<void>();
    const off = app.app.sagas.signals.ended.on(() => ended.resolve());
    while (!(await holds())) {
      await ended.promise;
      ended = Promise.withResolvers();
    }
    off();
  };

  it("waits for signals, each step for one of its name, also for one that came before", async () => {
    const { sagas } = app.app;
    bodies.set("trips.travel", async (_, { signal, sleep }) => {
      await sleep("before", "1ms");
      const first = await signal("approved");
      const second = await signal("second", { signal: "approved" });
      return [first, second, (await signal("never", { signal: "go", within: "1ms" })) === undefined];
    });
    const { id } = await begin(travel);
    await sagas.signal(travel, id, { name: "approved", payload: { by: "ann" }, key: "1" });
    await sagas.signal(travel, id, { name: "approved", payload: { by: "ann" }, key: "1" });
    await sagas.signal(travel, id, { name: "approved", payload: "again" });
    assert.deepEqual(await sagas.result(travel, id), [{ by: "ann" }, "again", true]);
    await assert.rejects(sagas.signal(travel, id, { name: "go" }), { type: "saga_ended" });
    const unknown = { type: "saga_unknown" };
    await assert.rejects(sagas.signal(asks, id, { name: "go" }), unknown, "it is a saga of another name");
    await assert.rejects(sagas.signal(travel, "00000000-0000-7000-8000-000000000000", { name: "go" }), unknown);
    await assert.rejects(sagas.signal(travel, "no id", { name: "go" }), unknown);
  });

  it("waits for events of its tenant, also for one that was recorded before it waited", async () => {
    const { sagas } = app.app;
    const goes = Promise.withResolvers<void>();
    bodies.set("trips.travel", async ({ name }, { step, waitFor }) => {
      await step("holds", () => goes.promise);
      const early = await waitFor(paid, { where: { name } });
      const late = await waitFor(paid, { where: { name: "late" }, name: "late" });
      return [early?.cents, late?.cents];
    });
    await app.call(pay, { name: "one", cents: 1 });
    const { id } = await begin(travel);
    await app.call(pay, { name: "one", cents: 2 }, { actor: { ...ann, tenant: "other" } });
    await app.call(pay, { name: "other", cents: 3 });
    await app.call(pay, { name: "one", cents: 4 });
    await sagas.lookNow();
    goes.resolve();
    await until(async () => ((await sagas.read(id))?.steps ?? []).some(({ name }) => name === "late"));
    await app.call(pay, { name: "late", cents: 5 });
    assert.deepEqual(await sagas.result(travel, id), [4, 5]);
  });

  it("starts another saga once, and gets what it returned or failed with", async () => {
    const ran: string[] = [];
    bodies.set("trips.asks", async ({ name }, { step }) => {
      await step("work", async () => void ran.push(name));
      if (name === "bad") throw new SoldOut({ what: name });
      return name.toUpperCase();
    });
    bodies.set("trips.travel", async (_, { child }) => {
      const good = await child("good", asks, { name: "good" });
      const bad = await child("bad", asks, { name: "bad" }).catch((error) => (error as Fault).type);
      return [good, bad];
    });
    assert.deepEqual(await finish(travel), ["GOOD", "sold_out"]);
    assert.deepEqual(ran, ["good", "bad"]);
  });

  it("continues as new with an empty journal", async () => {
    const keys: string[] = [];
    bodies.set("trips.travel", async ({ name }, { step, continueAsNew, id }) => {
      await step("same", async ({ key }) => void keys.push(key.replace(id, "id")));
      if (name.length < 3) await continueAsNew({ name: `${name}x` });
      return name;
    });
    assert.equal(await finish(travel, "x"), "xxx");
    assert.deepEqual(keys, ["trips.travel:id:same", "trips.travel:id:2:same", "trips.travel:id:3:same"]);
  });
});
