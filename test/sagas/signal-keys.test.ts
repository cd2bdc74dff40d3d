import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { limits } from "../../src/core/limits.ts";
import { seen } from "../integration/scratch.ts";
import { approve, bodies, emptySagas, moveTime, travel, tripsApp, tripsDatabase } from "./trips/trips.ts";

describe("the key of a signal", () => {
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

  /** A saga that says when a step has taken a signal, and takes a second one. */
  const takes = async (then: "waits" | "begins again" = "waits") => {
    const took = Promise.withResolvers<void>();
    let generation = 0;
    bodies.set("trips.travel", async (input, { signal, step, continueAsNew }) => {
      const first = await signal("approved");
      if (then === "begins again" && generation++ === 0) return continueAsNew(input);
      await step("took", async () => took.resolve());
      return then === "waits" ? [first, await signal("second", { signal: "approved" })] : first;
    });
    const { id } = await app.app.sagas.start(travel, { name: "one" }, { tenant: "acme", actor: "ann" });
    return { id, took: took.promise };
  };
  const sends = (id: string, by: string, key: string) => app.app.sagas.signal(travel, id, { name: "approved", payload: { by }, key });
  const result = (id: string) => app.app.sagas.result(travel, id);

  for (const [how, again] of [
    ["sent", (id: string) => sends(id, "ann", "1")],
    ["sent by a command", (id: string) => app.call(approve, { id, by: "ann", key: "1" })],
  ] as const)
    it(`counts once where it is ${how} again after a step took it`, async () => {
      const { id, took } = await takes();
      await sends(id, "ann", "1");
      await took;
      await again(id);
      await sends(id, "bob", "2");
      assert.deepEqual(await result(id), [{ by: "ann" }, { by: "bob" }]);
    });

  it("counts once where it is sent again when the saga has ended", async () => {
    const { id, took } = await takes();
    await sends(id, "ann", "1");
    await took;
    await sends(id, "bob", "2");
    await result(id);
    await sends(id, "ann", "1");
    await sends(id, "bob", "2");
    await assert.rejects(sends(id, "eve", "3"), { type: "saga_ended" });
  });

  it("counts once where it is sent again when the saga has begun again", async () => {
    const { id, took } = await takes("begins again");
    await sends(id, "ann", "1");
    await seen(database.adminUrl, "select from plimsoll.sagas where id = $1 and generation = 2 and lease is null", [id]);
    await sends(id, "ann", "1");
    await sends(id, "bob", "2");
    await took;
    assert.deepEqual(await result(id), { by: "bob" });
  });

  it("is of one name and one saga", async () => {
    bodies.set("trips.travel", async ({ name }, { signal }) => [name, await signal("approved"), await signal("go")]);
    const start = (name: string) => app.app.sagas.start(travel, { name }, { tenant: "acme", actor: "ann" });
    const [one, two] = [await start("one"), await start("two")];
    for (const { id } of [one, two]) {
      await sends(id, "ann", "1");
      await app.app.sagas.signal(travel, id, { name: "go", payload: 1, key: "1" });
    }
    assert.deepEqual(await result(one.id), ["one", { by: "ann" }, 1]);
    assert.deepEqual(await result(two.id), ["two", { by: "ann" }, 1]);
  });

  it("is forgotten a day after a step took it, and not before", async () => {
    const { id, took } = await takes();
    await sends(id, "ann", "1");
    await took;
    const keys = "select key from plimsoll.saga_signal_keys where saga = $1";
    assert.deepEqual(await database.admin(keys, [id]), [{ key: "1" }]);
    await moveTime(database, `${limits.sagaSignalKeyMs - 60_000} milliseconds`);
    const forgets = "select plimsoll.forget_saga_signal_keys($1, 10) as forgotten";
    assert.deepEqual(await database.admin(forgets, [limits.sagaSignalKeyMs]), [{ forgotten: 0 }]);
    await moveTime(database, `${limits.sagaSignalKeyMs + 60_000} milliseconds`);
    // The upkeep of a process looks when it starts.
    const other = await tripsApp(database);
    await seen(database.adminUrl, "select from (select count(*) as n from plimsoll.saga_signal_keys where saga = $1) c where n = 0", [id]);
    await other.stop();
    await moveTime(database, "0");
  });

  for (const [what, key] of [
    ["is empty", ""],
    ["is long", "k".repeat(256)],
    ["has a space", "a b"],
    ["has U+0000", "a\u0000"],
    ["is not ASCII", "ключ"],
  ] as const)
    it(`is refused where it ${what}`, async () => {
      const { id } = await takes();
      await assert.rejects(sends(id, "ann", key), { code: "invalid_argument", type: "saga_option_invalid" });
      await assert.rejects(app.call(approve, { id, by: "ann", key }), { type: "saga_option_invalid" });
      await sends(id, "ann", "k".repeat(255));
    });
});
