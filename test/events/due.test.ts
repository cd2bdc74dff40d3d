import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { snooze } from "plimsoll";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { partitionOf } from "../../src/events/definition.ts";
import { PostgresSubscriptions } from "../../src/postgres/events/subscriptions.ts";
import { seen } from "../integration/scratch.ts";
import { bodies, emptyEvents, narrow, readerApp, readerDatabase, reads } from "./shelf/reader.ts";
import { add } from "./shelf/shelf.ts";

describe("parked events that are due", () => {
  let database: TestDatabase;
  let app: TestApp;
  const { duePark } = PostgresSubscriptions.prototype;
  before(async () => {
    database = await readerDatabase();
  });
  afterEach(async () => {
    PostgresSubscriptions.prototype.duePark = duePark;
    await app.app.stop({ withinMs: 100 });
    bodies.clear();
    await emptyEvents(database);
  });
  after(() => database.drop());
  const parkMany = (subscription: string) =>
    database.admin(`insert into plimsoll.parked_events (subscription, partition, order_key, epoch, xid, seq, due, attempt, id, name, version, key, recorded_at, data)
      select '${subscription}', 0, 'x' || n, 0, '1', n, now() - interval '1 hour', 1, gen_random_uuid(), 'shelf.book-added', 1, 'k', now(), '{"name":"late"}'
      from generate_series(1, 150) n`);
  /** Has the first attempt of every event fail, but of those that were parked. */
  const failOnce = (subscription: string, ofLate: () => Promise<void> = async () => undefined) =>
    bodies.set(subscription, async ({ name }, { attempt }) => {
      if (name === "late") return ofLate();
      if (attempt === 1) throw new RangeError("once");
    });
  const secondAttempt = (of: string) => app.app.events.signals.handled.next(({ key, attempt }) => key === of && attempt === 2);

  it("of a paused subscription keep out those of no other", async () => {
    failOnce("reader.narrow");
    app = await readerApp(database, { subscriptions: [reads, narrow] });
    await app.app.events.pause("reader.reads");
    await parkMany("reader.reads");
    const again = secondAttempt("a");
    await app.call(add, { names: ["a"] });
    await again;
  });

  it("of a partition that stands still keep out those of no other", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { promise: stands, resolve: stand } = Promise.withResolvers<void>();
    failOnce("reader.narrow", () => {
      stand();
      return gate;
    });
    app = await readerApp(database, { subscriptions: [narrow] });
    await parkMany("reader.narrow");
    await app.app.events.lookNow();
    await stands;
    const other = Array.from("abcdefgh").find((name) => partitionOf(`4:acme${name}`, 2) === 1)!;
    const again = secondAttempt(other);
    await app.call(add, { names: [other] });
    await again;
    open();
    await seen(database.adminUrl, "select from plimsoll.parked_events having count(*) = 0");
  });

  it("are not handled again by a read that began before one was done", async () => {
    const attempts: string[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    bodies.set("reader.reads", async ({ name }, { attempt }) => {
      attempts.push(`${name} ${attempt}`);
      if (name !== "x/1") return;
      if (attempts.length === 1) throw snooze("1ms");
      begin();
      await gate;
    });
    app = await readerApp(database, { subscriptions: [reads] });
    const { signals } = app.app.events;
    await app.call(add, { names: ["x/1"] });
    await begun;
    const { promise: read, resolve: hasRead } = Promise.withResolvers<void>();
    const { promise: late, resolve: arrive } = Promise.withResolvers<void>();
    PostgresSubscriptions.prototype.duePark = async function (...asked) {
      const found = await duePark.apply(this, asked);
      hasRead();
      await late;
      return found;
    };
    const looked = app.app.events.lookNow();
    await read;
    open();
    await seen(database.adminUrl, "select from plimsoll.parked_events having count(*) = 0");
    const handled = signals.handled.next();
    await app.call(add, { names: ["x/2"] });
    await handled;
    PostgresSubscriptions.prototype.duePark = duePark;
    arrive();
    await looked;
    const last = new Promise<void>((resolve) => signals.handled.on(() => attempts.includes("x/3 1") && resolve()));
    await app.call(add, { names: ["x/3"] });
    await last;
    assert.deepEqual(attempts, ["x/1 1", "x/1 1", "x/2 1", "x/3 1"]);
  });
});
