import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { type TestApp, type TestDatabase, testDatabase } from "plimsoll/testing";
import { seen } from "../integration/scratch.ts";
import { act, bank, bankApp, begin, bob, broken } from "./bank.ts";

describe("a projection", () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async (spec: Parameters<typeof bankApp>[1] = {}) => {
    const app = await bankApp(database, spec);
    apps.push(app);
    return app;
  };
  before(async () => {
    database = await testDatabase({ modules: [bank] });
  });
  afterEach(async () => {
    broken.on = undefined;
    await Promise.all(apps.splice(0).map((app) => app.stop()));
    await database.admin(
      "delete from plimsoll.subscriptions; delete from plimsoll.event_workers; truncate plimsoll.stream_events, plimsoll.events, bank.balances, bank.owners",
    );
  });
  after(() => database.drop());

  const open = (app: TestApp, account: string) => app.call(act, { kind: "open", account });
  const move = (app: TestApp, account: string, cents: number) =>
    app.call(act, { kind: cents < 0 ? "withdraw" : "deposit", account, cents: Math.abs(cents) });
  const rows = () =>
    database.admin<{ tenant_id: string; account: string; owner: string; total_cents: number }>(
      "select tenant_id, account, owner, total_cents::int from bank.balances order by tenant_id, account",
    );
  const shown = async () => (await rows()).map((row) => `${row.tenant_id} ${row.account} ${row.owner} ${row.total_cents}`);
  const until = (condition: string) => seen(database.adminUrl, `select from bank.balances where ${condition}`);

  it("follows from the events, for each tenant, also where they were there before it", async () => {
    const writer = await start({ roles: ["serve"] });
    await open(writer, "a");
    await move(writer, "a", 50);
    await writer.as(bob).call(act, { kind: "open", account: "a" });
    const app = await start();
    await until("account = 'a' and total_cents = 50");
    await open(app, "b");
    await move(app, "b", 20);
    await move(app, "a", -50);
    await move(app, "b", 5);
    await until("account = 'b' and total_cents = 25");
    assert.deepEqual(await shown(), ["acme b ann 25", "globex a bob 0"]);
    await seen(database.adminUrl, "select from bank.owners where owner = 'ann' and accounts = 2");
  });

  it("counts events of several tenants for one row that is of none, also in one batch", async () => {
    const writer = await start({ roles: ["serve"] });
    for (const account of ["a", "b", "c"]) {
      await open(writer, account);
      await writer.as(bob).call(begin, { account });
    }
    await start();
    await seen(
      database.adminUrl,
      "select from plimsoll.projection_freshness('bank.owners', array['bank.opened']) where started and next is null",
    );
    assert.deepEqual(await database.admin("select owner, accounts from bank.owners"), [{ owner: "ann", accounts: 6 }]);
  });

  it("skips an event that cannot be applied, alone, with the reason, and applies it once more when it is asked to", async () => {
    broken.on = (cents) => {
      if (cents === 66) throw new RangeError("broken");
    };
    const app = await start();
    const skipped = app.app.events.signals.skipped.next();
    await open(app, "a");
    await move(app, "a", 1);
    await move(app, "a", 66);
    await move(app, "a", 2);
    await open(app, "b");
    await move(app, "b", 3);
    await until("account = 'b' and total_cents = 3");
    assert.deepEqual(await shown(), ["acme a ann 3", "acme b ann 3"]);
    assert.equal((await skipped).reason, "broken");
    const [letter, ...more] = await app.app.events.projections.skipped();
    assert.deepEqual(
      [letter!.subscription, letter!.name, letter!.code, letter!.reason, more],
      ["bank.balances", "bank.deposited", "internal", "broken", []],
    );
    broken.on = undefined;
    assert.ok(await app.app.events.retry("bank.balances", letter!.id));
    await until("account = 'a' and total_cents = 69");
    assert.deepEqual(await app.app.events.projections.skipped(), []);
  });

  it("skips what the table refuses, and versions and data that the code does not take, whatever stands around them", async () => {
    const writer = await start({ roles: ["serve"] });
    for (const account of ["a", "b", "c", "d"]) {
      await open(writer, account);
      await move(writer, account, 5);
    }
    await move(writer, "b", 999_999);
    await move(writer, "c", 1);
    const change = (set: string, account: string) =>
      database.admin(
        `update plimsoll.stream_events set ${set} where name = 'bank.deposited' and key = '${account}' and stream_version = 2`,
      );
    await change("version = 7", "a");
    await change(`data = '{"account":"d","cents":"many"}'`, "d");
    const app = await start();
    await until("account = 'c' and total_cents = 6");
    assert.deepEqual(await shown(), ["acme a ann 0", "acme b ann 5", "acme c ann 6", "acme d ann 0"]);
    const letters = await app.app.events.projections.skipped({ projection: "bank.balances" });
    assert.deepEqual(letters.map(({ key, code }) => `${key} ${code}`).toSorted(), [
      "a event_unknown",
      "b check_violation",
      "d invalid_input",
    ]);
  });

  it("is rebuilt beside itself while events come, and takes its place with nothing lost", async () => {
    const app = await start();
    await open(app, "a");
    await move(app, "a", 10);
    await until("total_cents = 10");
    // What the code made once is wrong, and what a reader sees until the swap.
    await database.admin("update bank.balances set total_cents = 1, owner = 'wrong'");
    const [{ oid }] = (await database.admin("select 'bank.balances'::regclass::oid::int as oid")) as [{ oid: number }];
    const rebuilt = app.app.events.signals.rebuilt.next();
    const writing = (async () => {
      for (let n = 0; n < 30; n++) await move(app, "a", 1);
    })();
    assert.equal(await app.app.events.projections.rebuild("bank.balances"), true);
    await rebuilt;
    await writing;
    await until("total_cents = 40");
    assert.deepEqual(await shown(), ["acme a ann 40"]);
    const [{ now }] = (await database.admin("select 'bank.balances'::regclass::oid::int as now")) as [{ now: number }];
    assert.notEqual(now, oid);
    const [reading] = await app.app.events.projections.list();
    assert.deepEqual([reading!.name, reading!.rebuild, reading!.stalled], ["bank.balances", undefined, undefined]);
    // It is as the one before it was: its key, its tenants, its grants.
    await app.as(bob).call(act, { kind: "open", account: "a" });
    await until("tenant_id = 'globex'");
    assert.deepEqual(await shown(), ["acme a ann 40", "globex a bob 0"]);
    const policies = await database.admin("select polname from pg_policy where polrelid = 'bank.balances'::regclass");
    assert.ok(policies.length > 0);
  });

  it("refuses to rebuild a table that a view reads", async () => {
    await database.admin("create view bank.sums as select sum(total_cents) from bank.balances");
    const app = await start();
    await assert.rejects(app.app.events.projections.rebuild("bank.balances"), { type: "projection_rebuild", message: /a view reads it/ });
    await database.admin("drop view bank.sums");
    await assert.rejects(app.app.events.projections.rebuild("bank.nothing"), { type: "projection_unknown" });
  });

  it("stands still while it is paused, and its rebuild can be ended", async () => {
    const app = await start();
    await app.app.events.pause("bank.balances");
    await open(app, "a");
    assert.equal(await app.app.events.projections.rebuild("bank.balances"), true);
    assert.equal(await app.app.events.projections.rebuild("bank.balances"), false);
    const [reading] = await app.app.events.projections.list();
    assert.deepEqual([reading!.paused, reading!.lag, reading!.rebuild?.total], [true, 1, 1]);
    assert.equal(await app.app.events.projections.cancelRebuild("bank.balances"), true);
    assert.equal(await app.app.events.projections.cancelRebuild("bank.balances"), false);
    await app.app.events.resume("bank.balances");
    await until("account = 'a'");
  });

  it("is in one process at a time, and goes on where the other one was", async () => {
    const one = await start();
    const other = await start();
    await open(one, "a");
    for (let n = 0; n < 20; n++) {
      await move(n % 2 === 0 || n > 9 ? one : other, "a", 1);
      if (n === 9) await other.stop();
    }
    await until("total_cents = 20");
  });

  it("does not start where its table is not as it says", async () => {
    await database.admin("alter table bank.owners drop column accounts");
    await assert.rejects(start(), { type: "projection_table", message: /bank\.owners has no column accounts/ });
    await database.admin("alter table bank.owners add column accounts integer not null default 0");
  });
});
