import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { event, type SubscriptionScope, subscription } from "plimsoll";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { z } from "zod";
import { limits } from "../../src/core/limits.ts";
import { seen } from "../integration/scratch.ts";
import { bodies, emptyEvents, narrow, note, noted, readerApp, readerDatabase, readerWith } from "./shelf/reader.ts";
import { add, bookAdded, bookLost, lose, shelfWith } from "./shelf/shelf.ts";

type Narrow = typeof narrow;

/** The same subscription in code of another version. All keys are in one partition, which one process has. */
const takes = (...on: readonly unknown[]) => subscription("reader.narrow", { ...narrow.spec, on, partitions: 1 } as never) as Narrow;
const bookLostBefore = event("shelf.book-lost", { version: 1, data: z.object({ name: z.string() }), key: ({ name }) => name });

describe("events that newer code of a subscription takes", () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async (spec: Parameters<typeof readerApp>[1]) => {
    const modules = [shelfWith(bookLostBefore), readerWith(...(spec?.subscriptions ?? []))];
    const app = await readerApp(database, { ...spec, modules });
    apps.push(app);
    return app;
  };
  before(async () => {
    database = await readerDatabase();
    bodies.set("reader.narrow", ({ name }: { name: string }, { event: { id, key }, attempt, commit }: SubscriptionScope) =>
      commit(({ call }) => call(note, { event: id, key, note: `${name} ${attempt}` })),
    );
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.stop()));
    await emptyEvents(database);
  });
  after(() => database.drop());

  const notes = async () => (await noted(database)).map((row) => row.note);
  const untilNoted = (count: number) => seen(database.adminUrl, `select from shelf.seen having count(*) >= ${count}`);
  const untilParked = (count: number) => seen(database.adminUrl, `select from plimsoll.parked_events having count(*) = ${count}`);
  /** Until the worker has read everything, and is as far in the store. */
  const untilPassed = () =>
    seen(
      database.adminUrl,
      "select from plimsoll.subscription_partitions p, plimsoll.event_head() h where (p.epoch, p.xid, p.seq) >= (h.epoch, h.xid, h.seq)",
    );
  const makeDue = () => database.admin("update plimsoll.parked_events set due = plimsoll.now() where due is not null");
  /** As if no process had been seen for an hour, of any code. */
  const forgetCode = () => database.admin("update plimsoll.subscription_code set seen = plimsoll.now() - interval '1 hour'");
  /** As if no process of the latest code had been seen for an hour, while the others were. */
  const forgetLatest = () =>
    database.admin(`update plimsoll.subscription_code c set since = plimsoll.now() - interval '1 hour',
      seen = case when deployed = (select max(deployed) from plimsoll.subscription_code) then plimsoll.now() - interval '1 hour' else plimsoll.now() end`);
  /** A note of the earliest code, as one that is repeated. */
  const noteEarliest = () =>
    database.admin(
      `select plimsoll.note_code((select json_agg(json_build_object('name', subscription, 'takes', takes)) from plimsoll.subscription_code
         where deployed = (select min(deployed) from plimsoll.subscription_code)), $1, false)`,
      [limits.eventCodeMs],
    );

  const differences = {
    "of a name that it adds": { before: takes(bookAdded), later: takes(bookAdded, bookLost) },
    "of a version that it adds": { before: takes(bookAdded, bookLostBefore), later: takes(bookAdded, bookLost) },
    "of a version that it adds beside the earlier one": {
      before: takes(bookAdded, bookLostBefore),
      later: takes(bookAdded, bookLostBefore, bookLost),
    },
  };
  for (const [title, code] of Object.entries(differences))
    it(`${title} wait for it, in their order, and hold up no others`, async () => {
      const worker = await start({ subscriptions: [code.before] });
      const serves = await start({ subscriptions: [code.later], roles: ["serve"] });
      await serves.call(lose, { name: "x" });
      await serves.call(add, { names: ["x/1", "y/1"] });
      await untilNoted(1);
      await untilParked(2);
      assert.deepEqual(await notes(), ["y/1 1"]);
      const [parked] = await serves.app.events.parked();
      assert.equal(parked?.code, "event_unknown");
      assert.ok(parked.dueMs !== null && parked.dueMs <= limits.eventNewerMs, `it is looked at again in ${parked.dueMs} ms`);
      assert.match(parked.reason ?? "", /newer code .* version 2 of shelf\.book-lost/);
      await makeDue();
      await worker.app.events.lookNow();
      assert.deepEqual(await notes(), ["y/1 1"], "the earlier code looks again, and leaves it");
      await worker.stop();
      const later = await start({ subscriptions: [code.later] });
      await makeDue();
      await later.app.events.lookNow();
      await untilNoted(3);
      assert.deepEqual(await notes(), ["y/1 1", "x 1", "x/1 1"], "no attempt was counted");
      assert.deepEqual(await later.app.events.deadLetters(), []);
    });

  it("wait also for a process that began after it, of the earlier code", async () => {
    const later = await start({ subscriptions: [takes(bookAdded, bookLost)], roles: ["serve"] });
    const first = await start({ subscriptions: [takes(bookAdded)] });
    await first.stop();
    // The earlier code made the subscription, so that it is the first of the two.
    const serves = await start({ subscriptions: [takes(bookAdded, bookLost)], roles: ["serve"] });
    await start({ subscriptions: [takes(bookAdded)] });
    await serves.call(lose, { name: "x" });
    await later.call(add, { names: ["y"] });
    await untilNoted(1);
    await untilParked(1);
  });

  for (const [title, between] of [
    ["after an outage in which no code was seen", async () => undefined],
    ["where the earlier code is seen first after an outage", () => noteEarliest()],
  ] as const)
    it(`wait for it ${title}`, async () => {
      await start({ subscriptions: [takes(bookAdded)] });
      const serves = await start({ subscriptions: [takes(bookAdded, bookLost)], roles: ["serve"] });
      await forgetCode();
      await between();
      await serves.call(lose, { name: "x" });
      await serves.call(add, { names: ["y"] });
      await untilNoted(1);
      await untilPassed();
      assert.deepEqual(
        (await serves.app.events.parked()).map(({ key }) => key),
        ["x"],
      );
      // A repeated note must not have made the earlier code the newer one.
      await noteEarliest();
      await serves.call(lose, { name: "z" });
      await untilPassed();
      assert.deepEqual((await serves.app.events.parked()).map(({ key }) => key).toSorted(), ["x", "z"]);
    });

  it("are dead letters once no process of it has been seen for long", async () => {
    const worker = await start({ subscriptions: [takes(bookAdded)] });
    const serves = await start({ subscriptions: [takes(bookAdded, bookLost)], roles: ["serve"] });
    await serves.call(lose, { name: "x" });
    await untilParked(1);
    await serves.stop();
    await forgetLatest();
    await makeDue();
    await worker.app.events.lookNow();
    await untilParked(0);
    assert.deepEqual(
      (await worker.app.events.deadLetters()).map(({ code, key }) => [code, key]),
      [["event_unknown", "x"]],
    );
    await worker.call(lose, { name: "y" });
    await untilPassed();
    assert.deepEqual(await worker.app.events.parked(), []);
  });

  it("are not those that newer code takes no more: it passes them", async () => {
    const earlier = await start({ subscriptions: [takes(bookAdded, bookLost)] });
    await earlier.stop();
    const serves = await start({ subscriptions: [takes(bookAdded, bookLost)], roles: ["serve"] });
    const later = await start({ subscriptions: [takes(bookAdded)] });
    await serves.call(lose, { name: "x" });
    await serves.call(add, { names: ["y"] });
    await untilNoted(1);
    await untilPassed();
    assert.deepEqual([await notes(), await later.app.events.parked()], [["y 1"], []]);
  });

  it("nor those that code takes no more which is deployed a second time", async () => {
    const first = await start({ subscriptions: [takes(bookAdded)] });
    await first.stop();
    await forgetCode();
    const serves = await start({ subscriptions: [takes(bookAdded, bookLost)], roles: ["serve"] });
    const again = await start({ subscriptions: [takes(bookAdded)] });
    await serves.call(lose, { name: "x" });
    await serves.call(add, { names: ["y"] });
    await untilNoted(1);
    await untilPassed();
    assert.deepEqual(await again.app.events.parked(), []);
  });

  it("nor those that were emitted before such code starts again", async () => {
    const first = await start({ subscriptions: [takes(bookAdded)] });
    await first.stop();
    await forgetCode();
    const serves = await start({ subscriptions: [takes(bookAdded, bookLost)], roles: ["serve"] });
    await serves.call(lose, { name: "x" });
    await serves.call(add, { names: ["y"] });
    const again = await start({ subscriptions: [takes(bookAdded)] });
    await untilNoted(1);
    await untilPassed();
    assert.deepEqual([await again.app.events.parked(), await again.app.events.deadLetters()], [[], []]);
  });
});
