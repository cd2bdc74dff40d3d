import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { type Scratch, scratch, session } from "../integration/scratch.ts";
import { testServers } from "../integration/servers.ts";

const start = `select plimsoll.start_tasks(array_agg(gen_random_uuid()), array_agg('t'::text), array_agg('q'::text), array_agg(''::text),
  array_agg(0::smallint), array_agg(false), array_agg('{}'::text), array_agg(null::text)) from generate_series(1, 100)`;
const rotate = "select plimsoll.rotate_tasks(1, 1000)";
const finish = "delete from plimsoll.tasks";

describe("partitions of the task table", async () => {
  const servers = await testServers();
  let database: Scratch;
  before(async () => {
    database = await scratch(servers[0]!);
    await migrate({ ...database, modules: [], clock: systemClock });
    // The server's own vacuum would hold a partition for as long as it reads it, which is a reader that no case here asked for.
    for (let partition = 0; partition < 4; partition++)
      await database.rows(`alter table plimsoll.tasks_${partition} set (autovacuum_enabled = off)`);
  });
  after(async () => {
    await database[Symbol.asyncDispose]();
    for (const server of servers) await server.stop();
  });

  /** Which partition is filled, how many tasks there are, and which partitions take up room. */
  const look = async () => {
    const [row] = await database.rows<{ current: number; tasks: number; filled: number[] }>(
      `select s.current, (select count(*)::integer from plimsoll.tasks) as tasks,
         array(select i from generate_series(0, 3) i where pg_relation_size('plimsoll.tasks_' || i) > 0) as filled
       from plimsoll.task_partitions s`,
    );
    return row!;
  };
  const reset = () => database.rows("truncate plimsoll.tasks; update plimsoll.task_partitions set current = 0, empty_after = '-infinity'");

  it("gives space back while an old transaction is open that has read something else", async () => {
    await reset();
    await database.rows(`create table if not exists other (a integer); ${start}; ${finish}`);
    await using _old = await session(database.superUrl, "begin isolation level repeatable read", "select * from other");
    await database.rows(`${rotate}; ${rotate}`);
    assert.deepEqual(await look(), { current: 1, tasks: 0, filled: [] });
  });

  it("fills a free partition and keeps the old one while a session reads it, and asks again later", async () => {
    await reset();
    await database.rows(`${start}; ${finish}`);
    {
      await using _dump = await session(database.superUrl, "begin", "select * from plimsoll.tasks");
      await database.rows(`${rotate}; ${rotate}`);
      assert.deepEqual(await look(), { current: 1, tasks: 0, filled: [0] });
    }
    await database.rows(rotate);
    assert.deepEqual((await look()).filled, [0], "the lock is not asked for again at once");
    await database.rows("update plimsoll.task_partitions set empty_after = '-infinity'");
    await database.rows(rotate);
    assert.deepEqual(await look(), { current: 1, tasks: 0, filled: [] });
  });

  it("keeps what is written by a session that saw the partition before it was left", async () => {
    await reset();
    await database.rows(`${start}; ${finish}`);
    {
      await using late = await session(database.superUrl, "begin", start);
      await database.rows(`${rotate}; ${rotate}`);
      assert.equal((await look()).current, 1);
      await late.query("commit");
    }
    await database.rows(`update plimsoll.task_partitions set empty_after = '-infinity'; ${rotate}`);
    assert.deepEqual(await look(), { current: 1, tasks: 100, filled: [0] });
  });

  it("leaves a partition alone where one snapshot would serve for both looks", async () => {
    await reset();
    await database.rows(`${start}; ${finish}`);
    await database.rows(rotate);
    await using _tick = await session(database.superUrl, "begin isolation level repeatable read", rotate, "commit");
    assert.deepEqual(await look(), { current: 1, tasks: 0, filled: [0] });
  });

  it("moves what waits out of the oldest partition where none is free", async () => {
    await reset();
    // Four partitions of a hundred tasks each; then the first of them is the oldest.
    for (let partition = 0; partition < 4; partition++) await database.rows(`${start}; ${rotate}`);
    const { tasks, filled } = await look();
    assert.deepEqual([tasks, filled], [400, [1, 2, 3]]);
  });
});
