import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { type Answer, asCommand, Connection } from "../../../src/postgres/connection.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import { transactionPooler } from "./transaction-pooler.ts";

const settings = ["transaction_isolation", "synchronous_commit", "timezone", "datestyle"] as const;
const reading = {
  columnsAsIs: true,
  text: `select ${settings.map((name) => `current_setting('${name}') as ${name}`).join(", ")}`,
  values: [],
};
const needed = { transaction_isolation: "read committed", synchronous_commit: "on", timezone: "UTC", datestyle: "ISO, MDY" };
const writing = (id: number) => ({ text: "insert into public.pinned (id, other) values ($1, $2)", values: [id, id] });

// What a transaction pooler does: the session on which a statement runs is not the one that was set up.
describe("a session whose settings were lost", () => {
  let database: TestDatabase;
  let connection: Connection;
  const open = () => Connection.open({ url: database.adminUrl, applicationName: "pinned", connectTimeoutMs: 10_000, clock: systemClock });
  before(async () => {
    database = await testDatabase({ modules: [] });
    await database.admin(
      "create table public.pinned (id int primary key, other int references public.pinned (id) deferrable initially deferred)",
    );
    const name = new URL(database.url).pathname.slice(1);
    for (const setting of [
      "default_transaction_isolation = 'serializable'",
      "synchronous_commit = off",
      "timezone = 'Asia/Kolkata'",
      "datestyle = 'German'",
    ])
      await database.admin(`alter database ${name} set ${setting}`);
  });
  after(() => database.drop());
  beforeEach(async () => {
    connection = await open();
    await connection.sendCommand("reset all");
    await database.admin("truncate public.pinned");
  });
  afterEach(() => connection.close());
  const written = async () => (await database.admin<{ id: number }>("select id from public.pinned order by id")).map(({ id }) => id);

  it("has them for a statement that is sent alone", async () => {
    assert.deepEqual((await connection.send(reading)).rows, [needed]);
    await connection.send(writing(1));
    assert.deepEqual(await written(), [1]);
  });

  it("has them for several of one turn, each by itself", async () => {
    const results = await Promise.allSettled([
      connection.send(writing(1)),
      connection.send(writing(1)),
      connection.send(reading),
      connection.send(writing(2)),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    assert.equal((results[1] as PromiseRejectedResult).reason.code, "23505");
    assert.deepEqual((results[2] as PromiseFulfilledResult<Answer>).value.rows, [needed]);
    assert.deepEqual(await written(), [1, 2]);
  });

  it("says that a statement failed which only its commit refuses", async () => {
    await assert.rejects(connection.send({ text: "insert into public.pinned (id, other) values (1, 9)", values: [] }), { code: "23503" });
    const failed = await new Promise((resolve) => {
      connection.sendAside({ text: "insert into public.pinned (id, other) values (2, 9)", values: [] }, resolve);
    });
    assert.equal((failed as { code: string }).code, "23503");
    assert.deepEqual(await written(), []);
  });

  it("waits for a type of the application that it has to learn, although the commit is done before", async () => {
    await database.admin("drop type if exists public.tide; create type public.tide as enum ('ebb', 'flood')");
    const answers = await Promise.all([
      connection.send({ text: "insert into public.pinned (id, other) values (7, 7) returning 'ebb'::public.tide as tide", values: [] }),
      connection.send({ text: "select array['flood'::public.tide] as tides", values: [] }),
    ]);
    assert.deepEqual(
      answers.map(({ rows }) => rows),
      [[{ tide: "ebb" }], [{ tides: ["flood"] }]],
    );
    assert.deepEqual(await written(), [7]);
  });

  for (const [how, begin] of [
    ["sent", () => connection.sendCommand("begin isolation level read committed")],
    ["joined", () => connection.joined(asCommand("begin isolation level read committed"))],
    ["sent aside", async () => connection.sendAside(asCommand("begin isolation level read committed"), () => undefined)],
  ] as const)
    it(`has them in a transaction, the begin of which is ${how}`, async () => {
      const begun = begin();
      const inside = await connection.send(reading);
      await begun;
      assert.deepEqual(inside.rows, [needed]);
      await connection.send(writing(1));
      assert.deepEqual(await written(), []);
      await connection.sendCommand("rollback");
      await connection.send(writing(2));
      assert.deepEqual(await written(), [2]);
    });

  it("stays in its transaction through a savepoint", async () => {
    await Promise.all([
      connection.sendCommand("begin isolation level serializable"),
      connection.sendCommand("savepoint here"),
      connection.send(writing(1)),
      connection.sendCommand("rollback to savepoint here"),
      connection.send(writing(2)),
    ]);
    assert.deepEqual((await connection.send(reading)).rows, [{ ...needed, transaction_isolation: "serializable" }]);
    await connection.sendCommand("commit");
    assert.deepEqual(await written(), [2]);
  });

  it("has them behind a pooler, on whose backend another client had set them", async () => {
    await using pooler = await transactionPooler(database.adminUrl, { backends: 1 });
    const url = pooler.through(database.adminUrl);
    const through = () =>
      Connection.open({ url, applicationName: "pooled", connectTimeoutMs: 10_000, clock: systemClock, prepares: false });
    const [first, second] = [await through(), await through()];
    // As a backend is that no client has set up.
    await second.sendCommand("reset all");
    assert.deepEqual((await second.send(reading)).rows, [needed]);
    await Promise.all([first.close(true), second.close(true)]);
  });

  it("costs nothing where the server has them", async () => {
    await using usual = await testDatabase({ modules: [] });
    const other = await Connection.open({ url: usual.adminUrl, applicationName: "usual", connectTimeoutMs: 10_000, clock: systemClock });
    const sent = other.send(reading);
    assert.equal(other.inFlight, 1);
    await sent;
    await other.close();
    const alone = connection.send(reading);
    assert.equal(connection.inFlight, 4);
    await alone;
  });
});
