import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { SubscriptionScope } from "plimsoll";
import type { TestApp, TestDatabase } from "plimsoll/testing";
import { seen } from "../integration/scratch.ts";
import { bodies, emptyEvents, mixes, narrow, note, noted, readerApp, readerDatabase, reads, stops } from "./shelf/reader.ts";
import { add, lose } from "./shelf/shelf.ts";

describe("a subscription", () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async (spec: Parameters<typeof readerApp>[1] = {}) => {
    const app = await readerApp(database, spec);
    apps.push(app);
    return app;
  };
  before(async () => {
    database = await readerDatabase();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.stop()));
    bodies.clear();
    await emptyEvents(database);
  });
  after(() => database.drop());

  const writes =
    (text?: string) =>
    async ({ name }: { name: string }, { event, commit }: SubscriptionScope) => {
      await commit(({ call }) => call(note, { event: event.id, key: event.key, note: text ?? name }));
    };
  const notes = async () => (await noted(database)).map((row) => row.note);
  const untilNoted = (count: number) => seen(database.adminUrl, `select from shelf.seen having count(*) >= ${count}`);
  const letters = (app: TestApp) => app.app.events.deadLetters();

  it("handles an event, and says what it was and on whose behalf", async () => {
    const app = await start();
    const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
    bodies.set("reader.reads", async (data, { event, key, attempt, actor, tenant, signal, requestId }) =>
      resolve({ data, event, key, attempt, actor: actor.id, kind: actor.kind, tenant, aborted: signal.aborted, requestId }),
    );
    const executed = app.executed(add);
    const handled = app.executed(reads);
    await app.call(add, { names: ["a"] });
    const { event, ...rest } = await promise;
    const { id, recordedAt, position, traceparent, ...of } = event as Record<string, unknown>;
    const { traceId, requestId: causation } = await executed;
    const emitted = { tenant: "acme", actor: "ann", causation, correlation: causation };
    assert.deepEqual(of, { name: "shelf.book-added", version: 1, key: "a", ...emitted });
    assert.equal(String(traceparent).split("-")[1], traceId);
    assert.ok(recordedAt instanceof Date && /^\d+\/\d+\/\d+$/.test(String(position)));
    assert.deepEqual(rest, {
      ...{ data: { name: "a", copies: 1 }, key: `reader.reads:${id}`, attempt: 1, actor: "ann", kind: "system", tenant: "acme" },
      ...{ aborted: false, requestId: id },
    });
    assert.equal((await handled).traceId, (await executed).traceId, "it belongs to the trace of the command");
  });

  it("handles the events of a key in their order, and each once with commit", async () => {
    bodies.set("reader.reads", writes());
    const app = await start();
    const names = Array.from({ length: 60 }, (_, n) => `${n % 7}/${String(n).padStart(3, "0")}`);
    for (const name of names) await app.call(add, { names: [name] });
    await untilNoted(names.length);
    const rows = await noted(database);
    assert.equal(rows.length, names.length);
    for (let key = 0; key < 7; key++) {
      const own = rows.filter((row) => row.key === String(key)).map((row) => row.note);
      assert.deepEqual(own, own.toSorted());
    }
  });

  it("begins with the next event, or with the oldest one, as it declares", async () => {
    const app = await start({ subscriptions: [], roles: ["serve"] });
    await app.call(add, { names: ["early"] });
    bodies.set("reader.reads", writes());
    await start();
    await app.call(add, { names: ["late"] });
    await untilNoted(2);
    assert.deepEqual((await notes()).toSorted(), ["early", "late"]);
  });

  it("holds up the key of an event that fails, and nothing else", async () => {
    let isFixed = false;
    bodies.set("reader.stops", async (data, scope) => {
      if (data.name === "a/1" && !isFixed) throw new RangeError("poisoned");
      await writes()(data, scope);
    });
    const app = await start({ subscriptions: [stops] });
    await app.call(add, { names: ["a/1", "b/1", "a/2", "c/1", "a/3"] });
    await untilNoted(2);
    assert.deepEqual((await notes()).toSorted(), ["b/1", "c/1"]);
    await seen(database.adminUrl, "select from plimsoll.parked_events where due = 'infinity'");
    await seen(database.adminUrl, "select from plimsoll.parked_events having count(*) = 3");
    const [parked, ...more] = await app.app.events.parked();
    assert.deepEqual([parked!.key, parked!.attempt, parked!.reason, parked!.dueMs, more], ["a", 3, "RangeError: poisoned", null, []]);
    isFixed = true;
    assert.ok(await app.app.events.retry("reader.stops", parked!.id));
    await untilNoted(5);
    assert.deepEqual(
      (await notes()).filter((name) => name.startsWith("a")),
      ["a/1", "a/2", "a/3"],
    );
    await app.call(add, { names: ["a/4"] });
    await untilNoted(6);
  });

  it("makes a dead letter of what fails for the last time, with the reason, and goes on", async () => {
    bodies.set("reader.reads", async (data, scope) => {
      if (data.name === "a/1") throw new RangeError("poisoned");
      await writes()(data, scope);
    });
    const app = await start();
    await app.call(add, { names: ["a/1", "a/2"] });
    await untilNoted(1);
    const [letter] = await letters(app);
    assert.deepEqual([letter!.key, letter!.attempt, letter!.code, letter!.reason], ["a", 3, "internal", "RangeError: poisoned"]);
    assert.deepEqual(await notes(), ["a/2"]);
    bodies.set("reader.reads", writes());
    assert.ok(await app.app.events.retry("reader.reads", letter!.id));
    await untilNoted(2);
    assert.deepEqual(await letters(app), []);
  });

  it("skips an event that a person gives up, and keeps the reason", async () => {
    bodies.set("reader.stops", async (data, scope) => {
      if (data.name === "a/1") throw new RangeError("poisoned");
      await writes()(data, scope);
    });
    const app = await start({ subscriptions: [stops] });
    await app.call(add, { names: ["a/1", "a/2"] });
    const { id } = await seen<{ id: string }>(database.adminUrl, "select id from plimsoll.parked_events where due = 'infinity'");
    await assert.rejects(app.app.events.skip("reader.stops", id, ""), { type: "reason_invalid" });
    assert.ok(await app.app.events.skip("reader.stops", id, "the book was never printed"));
    await untilNoted(1);
    const [letter] = await letters(app);
    assert.deepEqual([letter!.id, letter!.code, letter!.reason], [id, "event_skipped", "the book was never printed"]);
    assert.equal(await app.app.events.skip("reader.stops", id, "again"), false);
  });

  it("leaves nothing of an attempt that fails in commit, and the next one does it once", async () => {
    bodies.set("reader.reads", async ({ name }, { commit, event, attempt }) => {
      await commit(async ({ call, sql }) => {
        await call(note, { event: event.id, key: event.key, note: `${name} ${attempt}` });
        if (attempt === 1) throw new RangeError("in the middle");
        if (attempt === 2) await sql`do $$ begin raise exception 'again' using errcode = '40001'; end $$`.run();
      });
      throw new RangeError("after the commit");
    });
    const app = await start();
    await app.call(add, { names: ["a"] });
    await app.call(add, { names: ["b"] });
    await untilNoted(2);
    await app.app.events.lookNow();
    assert.deepEqual([(await notes()).toSorted(), await letters(app)], [["a 3", "b 3"], []]);
  });

  it("makes a dead letter of a version that the code does not know, and of data that does not fit", async () => {
    bodies.set("reader.reads", writes());
    const app = await start();
    const append = (version: number, data: string) =>
      `select plimsoll.append_events(array[gen_random_uuid()], '{shelf.book-added}', '{${version}}', '{k}', array['${data}'], null, null, null, null, null)`;
    await database.admin(`${append(9, '{"name":"a"}')}; ${append(1, '{"name":7}')}; ${append(1, '{"name":"fits"}')}`);
    await untilNoted(1);
    assert.deepEqual((await letters(app)).map(({ code, attempt }) => [code, attempt]).toSorted(), [
      ["event_unknown", 1],
      ["invalid_input", 1],
    ]);
  });

  it("handles events in any order where it declares none", async () => {
    let begun = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    bodies.set("reader.mixes", async (data, scope) => {
      if (++begun === 2) resolve();
      await promise;
      await writes()(data, scope);
    });
    const app = await start({ subscriptions: [mixes] });
    await app.call(add, { names: Array.from({ length: 20 }, (_, n) => `same/${n}`) });
    await untilNoted(20);
  });

  it("is paused and resumed in all processes", async () => {
    bodies.set("reader.reads", writes());
    const app = await start();
    await app.app.events.pause("reader.reads");
    await app.call(add, { names: ["a"] });
    await app.app.events.lookNow();
    assert.deepEqual(await notes(), []);
    assert.deepEqual(
      (await app.app.events.subscriptions()).map(({ lag, paused, owned }) => [lag, paused, owned]),
      [[1, true, 16]],
    );
    await app.app.events.resume("reader.reads");
    await untilNoted(1);
    await assert.rejects(app.app.events.pause("no.such"), { type: "subscription_unknown" });
  });

  it("handles again what was recorded since a time", async () => {
    bodies.set("reader.reads", writes());
    const app = await start();
    await app.call(add, { names: ["a", "b"] });
    await untilNoted(2);
    assert.equal(await app.app.events.replay("reader.reads", { from: new Date(Date.now() + 3_600_000), reason: "a test" }), false);
    assert.ok(await app.app.events.replay("reader.reads", { from: new Date(0), reason: "a test" }));
    await untilNoted(4);
    assert.deepEqual((await notes()).toSorted(), ["a", "a", "b", "b"]);
  });

  it("is forgotten only where no process declares it", async () => {
    const app = await start();
    assert.equal(await app.app.events.forget("reader.reads"), false);
    await app.stop();
    const other = await start({ subscriptions: [] });
    assert.equal(await other.app.events.forget("reader.reads"), true);
  });

  it("stops at the bound of parked events, says so, and goes on once there is room", async () => {
    bodies.set("reader.narrow", async () => {
      throw new RangeError("poisoned");
    });
    const app = await start({ subscriptions: [narrow], roles: ["serve"] });
    const worker = await start({ subscriptions: [narrow], roles: ["worker"] });
    await database.admin(`insert into plimsoll.parked_events (subscription, partition, order_key, epoch, xid, seq, due, attempt, id, name, version, key, recorded_at, data)
      select 'reader.narrow', 0, 'x' || n, 0, '1', n, 'infinity', 1, gen_random_uuid(), 'shelf.book-added', 1, 'k', now(), '{}' from generate_series(1, 10000) n`);
    const full = worker.app.events.signals.full.next();
    await app.call(add, { names: ["a"] });
    assert.equal((await full).subscription, "reader.narrow");
    bodies.set("reader.narrow", writes());
    await database.admin("delete from plimsoll.parked_events");
    await untilNoted(1);
  });

  it("is started with as many partitions as at first", async () => {
    await start({ subscriptions: [narrow] });
    const { subscription } = await import("plimsoll");
    const other = subscription("reader.narrow", {
      ...narrow.spec,
      on: narrow.on,
      partitions: 3,
      budget: "1s",
      run: async () => undefined,
    } as never);
    await assert.rejects(start({ subscriptions: [other as typeof narrow] }), { type: "subscription_changed" });
  });

  it("reacts at once, also to what another process committed", async () => {
    bodies.set("reader.reads", writes());
    const worker = await start();
    const server = await start({ roles: ["serve"] });
    const handled = worker.app.events.signals.handled.next();
    await server.call(lose, { name: "not its own" });
    await server.call(add, { names: ["a"] });
    assert.equal((await handled).key, "a");
    await untilNoted(1);
  });
});
