import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { ann, approve, asks, bodies, emptySagas, entries, travel, tripsApp, tripsDatabase } from "./trips/trips.ts";

describe("a signal that a command sends to a saga", () => {
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

  const waits = () => {
    bodies.set("trips.travel", async (_, { signal }) => ((await signal("approved")) as { by: string }).by);
    return app.app.sagas.start(travel, { name: "one" }, { tenant: "acme", actor: "ann" });
  };
  const waiting = async (id: string) =>
    (await database.admin<{ payload: string }>("select payload from plimsoll.saga_signals where saga = $1 order by seq", [id])).map(
      ({ payload }) => JSON.parse(payload).by as string,
    );

  it("comes with the commit, together with what the command wrote", async () => {
    const { id } = await waits();
    await app.call(approve, { id, by: "bob" });
    assert.equal(await app.app.sagas.result(travel, id), "bob");
    assert.deepEqual(await entries(database), ["approved by bob"]);
  });

  it("does not come where the command fails, or undoes the attempt that sent it", async () => {
    const { id } = await waits();
    await assert.rejects(app.call(approve, { id, by: "fails", ends: "fail" }), { code: "internal" });
    await app.call(approve, { id, by: "undone", ends: "undo" });
    assert.deepEqual(await waiting(id), []);
    await app.call(approve, { id, by: "bob" });
    assert.equal(await app.app.sagas.result(travel, id), "bob");
  });

  it("counts once for its key, and for a command that is sent again", async () => {
    const holds = Promise.withResolvers<void>();
    bodies.set("trips.travel", (_, { step }) => step("holds", () => holds.promise));
    const { id } = await app.app.sagas.start(travel, { name: "one" }, { tenant: "acme", actor: "ann" });
    await app.call(approve, { id, by: "bob", key: "k" });
    await app.call(approve, { id, by: "eve", key: "k" });
    await app.call(approve, { id, by: "kim" }, { key: "twice" });
    await app.call(approve, { id, by: "kim" }, { key: "twice" });
    assert.deepEqual(await waiting(id), ["bob", "kim"]);
    holds.resolve();
    await app.app.sagas.result(travel, id);
  });

  it("reaches a saga that the command starts itself", async () => {
    bodies.set("trips.travel", async (_, { signal }) => ((await signal("approved")) as { by: string }).by);
    const { id } = await app.call(approve, { id: "", by: "bob" });
    assert.equal(await app.app.sagas.result(travel, id), "bob");
    const { id: other } = await app.call(approve, { id: "", by: "undone", ends: "undo" });
    assert.equal(
      (await app.app.sagas.read(other))?.name,
      "trips.travel",
      "its start stays, also where the attempt that signalled it is undone",
    );
    assert.deepEqual(await waiting(other), []);
  });

  it("is refused for a saga that is unknown, of another name, of another tenant, or has ended", async () => {
    const unknown = { type: "saga_unknown" };
    await assert.rejects(app.call(approve, { id: "00000000-0000-7000-8000-000000000000", by: "bob" }), unknown);
    await assert.rejects(app.call(approve, { id: "no id", by: "bob" }), unknown);
    bodies.set("trips.asks", async (_, { signal }) => signal("approved"));
    const { id: another } = await app.app.sagas.start(asks, { name: "one" }, { tenant: "acme", actor: "ann" });
    await assert.rejects(app.call(approve, { id: another, by: "bob" }), unknown);
    const { id } = await waits();
    await assert.rejects(app.call(approve, { id, by: "bob" }, { actor: { ...ann, tenant: "other" } }), unknown);
    await app.call(approve, { id, by: "bob" });
    assert.equal(await app.app.sagas.result(travel, id), "bob");
    await assert.rejects(app.call(approve, { id, by: "bob" }), { type: "saga_ended" });
    assert.deepEqual(await entries(database), ["approved by bob"], "nothing of a command is kept whose signal was refused");
  });
});
