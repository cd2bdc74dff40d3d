import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { type SubscriptionScope, snooze, subscription } from "plimsoll";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { seen } from "../integration/scratch.ts";
import { bodies, emptyEvents, narrow, note, noted, readerApp, readerDatabase } from "./shelf/reader.ts";
import { add } from "./shelf/shelf.ts";

/** All keys are in one partition: what stops one of them would stop the others too. */
const single = subscription("reader.narrow", { ...narrow.spec, on: narrow.on, partitions: 1 } as never) as typeof narrow;

describe("a replay of events that are parked", () => {
  let database: TestDatabase;
  let app: TestApp;
  let refuses: (name: string) => Error | undefined;
  const attempts: string[] = [];
  before(async () => {
    database = await readerDatabase();
  });
  afterEach(async () => {
    await app.stop();
    await emptyEvents(database);
  });
  after(() => database.drop());

  const start = async () => {
    attempts.length = 0;
    bodies.set("reader.narrow", async ({ name }: { name: string }, { event, attempt, commit }: SubscriptionScope) => {
      attempts.push(`${name} ${attempt}`);
      const refusal = refuses(name);
      if (refusal !== undefined) throw refusal;
      await commit(({ call }) => call(note, { event: event.id, key: event.key, note: name }));
    });
    app = await readerApp(database, { subscriptions: [single] });
  };
  const notes = async () => (await noted(database)).map((row) => row.note);
  const untilNoted = (count: number) => seen(database.adminUrl, `select from shelf.seen having count(*) >= ${count}`);
  const untilParked = (count: number) => seen(database.adminUrl, `select from plimsoll.parked_events having count(*) = ${count}`);
  const replay = () => app.app.events.replay("reader.narrow", { from: new Date(0), reason: "a test" });
  const refuseKeyX = async () => {
    refuses = (name) => (name.startsWith("x") ? snooze("1h") : undefined);
    await start();
    await app.call(add, { names: ["x/1", "x/2", "y/1"] });
    await untilNoted(1);
    await untilParked(2);
  };

  it("takes their place: each is handled in its order, and those of other keys are not held up", async () => {
    await refuseKeyX();
    refuses = () => undefined;
    assert.ok(await replay());
    await untilNoted(4);
    await app.app.events.lookNow();
    assert.deepEqual(await notes(), ["y/1", "x/1", "x/2", "y/1"]);
    assert.deepEqual(attempts, ["x/1 1", "y/1 1", "x/1 1", "x/2 1", "y/1 1"], "the attempts begin again");
    assert.deepEqual(await app.app.events.parked(), []);
  });

  it("parks them again where they fail again, and loses none", async () => {
    await refuseKeyX();
    assert.ok(await replay());
    await untilNoted(2);
    await untilParked(2);
    refuses = () => undefined;
    const [first] = await app.app.events.parked();
    await app.app.events.retry("reader.narrow", first!.id);
    await untilNoted(4);
    assert.deepEqual(await notes(), ["y/1", "y/1", "x/1", "x/2"]);
  });

  it("keeps one that the log has no more, or that the code does not name, and passes it", async () => {
    await refuseKeyX();
    await database.admin("delete from plimsoll.events where data::json ->> 'name' = 'x/1'");
    await database.admin("update plimsoll.parked_events set name = 'shelf.other' where data::json ->> 'name' = 'x/2'");
    assert.ok(await replay());
    await untilNoted(2);
    await untilParked(2);
    await app.call(add, { names: ["x/3", "y/2"] });
    await untilNoted(3);
    await untilParked(3);
    await database.admin("update plimsoll.parked_events set name = 'shelf.book-added'");
    refuses = () => undefined;
    const [first] = await app.app.events.parked();
    await app.app.events.retry("reader.narrow", first!.id);
    await untilNoted(6);
    assert.deepEqual(await notes(), ["y/1", "y/1", "y/2", "x/1", "x/2", "x/3"]);
  });

  it("takes a retry of a dead letter that is parked behind another as done", async () => {
    refuses = (name) => (name === "x/2" ? new RangeError("poisoned") : undefined);
    await start();
    await app.call(add, { names: ["x/1", "x/2", "y/1"] });
    await untilNoted(2);
    const { id } = await seen<{ id: string }>(database.adminUrl, "select id from plimsoll.event_dead_letters");
    refuses = (name) => (name.startsWith("x") ? snooze("1h") : undefined);
    assert.ok(await replay());
    await untilNoted(3);
    await untilParked(2);
    assert.ok(await app.app.events.retry("reader.narrow", id));
    assert.deepEqual(await app.app.events.deadLetters(), []);
    refuses = () => undefined;
    const [first] = await app.app.events.parked();
    await app.app.events.retry("reader.narrow", first!.id);
    await untilNoted(5);
    assert.deepEqual(await notes(), ["x/1", "y/1", "y/1", "x/1", "x/2"]);
  });

  it("parks one a single time that was parked by a retry of its dead letter meanwhile", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    refuses = (name) => (name === "x/1" ? new RangeError("poisoned") : undefined);
    await start();
    await app.call(add, { names: ["x/1", "y/1"] });
    await untilNoted(1);
    const { id } = await seen<{ id: string }>(database.adminUrl, "select id from plimsoll.event_dead_letters");
    const handle = bodies.get("reader.narrow")!;
    bodies.set("reader.narrow", async (data, scope) => {
      if (data.name === "x/1") {
        begin();
        await gate;
      }
      await handle(data, scope);
    });
    refuses = (name) => (name === "x/1" ? snooze("1h") : undefined);
    assert.ok(await replay());
    await begun;
    const retrying = app.app.events.retry("reader.narrow", id);
    await untilParked(1);
    open();
    await retrying;
    await untilNoted(2);
    await untilParked(1);
    assert.deepEqual(await notes(), ["y/1", "y/1"]);
  });
});
