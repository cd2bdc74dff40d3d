import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { type TestApp, type TestDatabase, testDatabase } from "plimsoll/testing";
import { act, ann, bank, bankApp, begin, between, bob, transfer } from "./bank.ts";

describe("a stream of events", () => {
  let database: TestDatabase;
  let app: TestApp;
  before(async () => {
    database = await testDatabase({ modules: [bank] });
    app = await bankApp(database);
  });
  afterEach(async () => {
    between.attempts = 0;
    // Not by truncate, which waits for every lock and deadlocks with the upkeep of the app now and then.
    for (const table of ["stream_events", "stream_snapshots", "events"]) await database.admin(`delete from plimsoll.${table}`);
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });

  const open = (account: string) => app.call(act, { kind: "open", account });
  const deposit = (account: string, cents: number, of: "accounts" | "savings" = "accounts") =>
    app.call(act, { kind: "deposit", account, cents, of });
  const stored = () =>
    database.admin<{ stream_id: string; stream_version: number; name: string; data: string; tenant: string }>(
      "select stream_id, stream_version, name, data, tenant from plimsoll.stream_events order by epoch, xid, seq",
    );
  const shown = async () => (await stored()).map((row) => `${row.stream_id} ${row.stream_version} ${row.name}`);

  it("is loaded, decided on and appended to, with one round trip beside the commit", async () => {
    await open("a");
    const executed = app.executed(act);
    assert.deepEqual(await deposit("a", 500), { cents: 500, version: 2, attempts: 2 });
    assert.equal((await executed).statements, 1);
    const rows = await stored();
    assert.deepEqual(await shown(), ["a 1 bank.opened", "a 2 bank.deposited"]);
    assert.deepEqual([rows[1]!.data, rows[1]!.tenant], ['{"account":"a","cents":500,"note":""}', "acme"]);
  });

  it("begins without a round trip, and not twice", async () => {
    const executed = app.executed(begin);
    await app.call(begin, { account: "a" });
    assert.equal((await executed).statements, 0);
    await assert.rejects(app.call(begin, { account: "a" }), { code: "aborted", type: "stream_conflict" });
    await assert.rejects(app.call(begin, { account: "b", at: 3 }), { code: "aborted", type: "stream_conflict" });
    assert.deepEqual(await shown(), ["a 1 bank.opened"]);
  });

  it("runs a command again with the state of then, where another one appended first", async () => {
    await open("a");
    await deposit("a", 100);
    between.attempts = 0;
    between.work = () => app.call(act, { kind: "withdraw", account: "a", cents: 70 });
    await assert.rejects(app.call(act, { kind: "withdraw", account: "a", cents: 50 }), { type: "overdrawn", details: { cents: 30 } });
    assert.equal(between.attempts, 3);
    assert.deepEqual(await shown(), ["a 1 bank.opened", "a 2 bank.deposited", "a 3 bank.withdrawn"]);
  });

  it("keeps every one of many commands on one stream, and their order in the order of all events", async () => {
    await open("a");
    const ends = await Promise.allSettled(Array.from({ length: 40 }, () => deposit("a", 1)));
    const done = ends.filter(({ status }) => status === "fulfilled").length;
    for (const end of ends) if (end.status === "rejected") assert.equal(end.reason.type, "stream_conflict");
    assert.ok(done >= 1);
    const rows = await stored();
    assert.deepEqual(
      rows.map(({ stream_version }) => stream_version),
      Array.from({ length: done + 1 }, (_, at) => at + 1),
    );
  });

  it("has the order of its versions in the order of all events: what has an earlier id runs again with a later one", async () => {
    await open("a");
    between.attempts = 0;
    between.work = () => deposit("a", 1);
    assert.deepEqual(await app.call(act, { kind: "deposit", account: "a", cents: 2, early: true }), { cents: 3, version: 3, attempts: 3 });
    assert.deepEqual(
      (await stored()).map(({ stream_version }) => stream_version),
      [1, 2, 3],
    );
  });

  it("appends to several streams in one transaction, and undoes what an attempt appended", async () => {
    await open("a");
    await open("b");
    await deposit("a", 100);
    assert.deepEqual(await app.call(transfer, { from: "a", to: "b", cents: 60, bonus: true }), { from: 40, to: 61 });
    assert.deepEqual((await shown()).slice(3), ["a 3 bank.withdrawn", "b 2 bank.deposited", "b 3 bank.deposited"]);
  });

  it("leaves nothing where decide ends with a fault or throws", async () => {
    await assert.rejects(deposit("a", 1), { type: "account_closed" });
    await open("a");
    await assert.rejects(deposit("a", 13), { code: "internal" });
    await assert.rejects(app.call(transfer, { from: "a", to: "b", cents: 1 }), { type: "overdrawn" });
    assert.deepEqual(await shown(), ["a 1 bank.opened"]);
  });

  it("is of one tenant: another one has a stream of its own under the same id", async () => {
    await open("a");
    await deposit("a", 100);
    const other = app.as(bob);
    await assert.rejects(other.call(act, { kind: "withdraw", account: "a", cents: 1 }), { type: "account_closed" });
    await other.call(act, { kind: "open", account: "a" });
    assert.deepEqual((await app.call(act, { kind: "deposit", account: "a", cents: 1 })).cents, 101);
  });

  it("reads earlier versions with upcast, and says what it cannot read", async () => {
    await open("a");
    const insert = (version: number, event: number, data: string) =>
      database.admin(`insert into plimsoll.stream_events
        select epoch, xid, seq + ${version}, stream, stream_id, ${version}, tenant, gen_random_uuid(), 'bank.deposited', ${event}, key, actor, trace,
          causation, correlation, recorded_at, '${data}' from plimsoll.stream_events where stream_version = 1`);
    await insert(2, 1, '{"account":"a","amount":7}');
    assert.equal((await deposit("a", 1)).cents, 701);
    await insert(4, 2, '{"account":"a","cents":"many"}');
    await assert.rejects(deposit("a", 1), (fault: { cause?: unknown; type: string }) => fault.type === "stream_unreadable");
    await database.admin("update plimsoll.stream_events set version = 3 where stream_version = 4");
    await assert.rejects(deposit("a", 1), { type: "stream_unreadable", message: /version 3 of bank\.deposited.*upcast/ });
  });

  it("keeps its state by its policy, and verifies it against the events", async () => {
    await app.call(act, { kind: "open", account: "s", of: "savings" });
    for (let n = 0; n < 11; n++) await deposit("s", 10, "savings");
    const [kept] = await database.admin("select stream_version, shape, state from plimsoll.stream_snapshots");
    assert.deepEqual(kept, { stream_version: 10, shape: 1, state: '{"owner":"ann","cents":90}' });
    assert.deepEqual((await deposit("s", 10, "savings")).cents, 120);
    await database.admin(`update plimsoll.stream_snapshots set state = '{"owner":"ann","cents":1}'`);
    await assert.rejects(deposit("s", 10, "savings"), { type: "snapshot_mismatch" });
    await database.admin("update plimsoll.stream_snapshots set shape = 0");
    assert.equal((await deposit("s", 10, "savings")).cents, 130, "of another version of the code it is not read");
    const production = await bankApp(database, { development: false });
    await database.admin(`update plimsoll.stream_snapshots set state = '{"owner":"ann","cents":1}', shape = 1`);
    const found = await production.call(act, { kind: "deposit", account: "s", cents: 1, of: "savings" });
    await production.stop();
    assert.ok(found.cents < 100, "elsewhere it is read in the place of the events");
  });

  it("says who appended, and reaches the order of all events", async () => {
    const executed = app.executed(act);
    await open("a");
    const { requestId } = await executed;
    const [row] = await database.admin("select name, tenant, actor, causation, key from plimsoll.every_event");
    assert.deepEqual(row, { name: "bank.opened", tenant: "acme", actor: ann.id, causation: requestId, key: "a" });
  });
});
