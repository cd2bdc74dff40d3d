import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { Fault } from "../../src/core/fault.ts";
import { bodies, book, emptySagas, entries, travel, tripsApp, tripsDatabase } from "./trips/trips.ts";

describe("what a step of a saga calls", () => {
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

  const begin = () => app.app.sagas.start(travel, { name: "one" }, { tenant: "acme", actor: "ann" });
  const fails = async () => {
    throw new Fault({ code: "not_found", message: "none" });
  };

  for (const [what, undoing] of [
    ["the same input", "room"],
    ["another input", "no room"],
  ] as const)
    it(`is called again to undo it, with ${what}`, async () => {
      bodies.set("trips.travel", async (_, { step }) => {
        await step("book", {
          run: ({ call }) => call(book, { name: "room" }),
          undo: async ({ call }) => void (await call(book, { name: undoing })),
        });
        await step("fails", fails);
      });
      const { id } = await begin();
      await assert.rejects(app.app.sagas.result(travel, id), { code: "not_found" });
      assert.deepEqual(await entries(database), ["room", undoing]);
      assert.equal((await app.app.sagas.read(id))?.state, "undone");
    });

  it("happens once in all attempts of the step, and once in all attempts of its undo", async () => {
    const attempts = { run: 0, undo: 0 };
    const oneMore = (what: keyof typeof attempts) => {
      if (++attempts[what] === 1) throw new Fault({ code: "unavailable", message: "away" });
    };
    bodies.set("trips.travel", async (_, { step }) => {
      await step("book", {
        run: async ({ call }) => {
          const made = [await call(book, { name: "room" }), await call(book, { name: "room" })];
          oneMore("run");
          return made;
        },
        undo: async ({ call }) => {
          await call(book, { name: "room" });
          oneMore("undo");
        },
      });
      await step("fails", fails);
    });
    const { id } = await begin();
    await assert.rejects(app.app.sagas.result(travel, id), { code: "not_found" });
    assert.deepEqual(attempts, { run: 2, undo: 2 });
    assert.deepEqual(await entries(database), ["room", "room", "room"]);
  });

  for (const name of ["room", "something else"])
    it(`is not replaced by what the one who started the saga asked for under its key: ${name}`, async () => {
      const goes = Promise.withResolvers<void>();
      bodies.set("trips.travel", async (_, { step }) => {
        await step("holds", () => goes.promise);
        return step("book", async ({ call }) => (await call(book, { name: "room" })).n);
      });
      const { id } = await begin();
      const key = createHash("sha256").update(`trips.travel:${id}:book trips.book 0`).digest("hex");
      const { n } = await app.call(book, { name }, { key });
      goes.resolve();
      assert.notEqual(await app.app.sagas.result(travel, id), n);
      assert.deepEqual(await entries(database), [name, "room"]);
    });
});
