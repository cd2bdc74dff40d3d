import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../src/core/clock.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { type Scratch, scratch, session } from "../integration/scratch.ts";
import { testServers } from "../integration/servers.ts";

/** What several sessions do at the same time, each in a transaction of its own. */
type Step = { readonly does: "start" | "slow" | "work" | "rotate" | "later" | "requeue" | "read"; readonly n: number };

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom("start", "slow", "slow", "work", "work", "rotate", "rotate", "later", "requeue", "read"),
  n: fc.integer({ min: 1, max: 40 }),
});

const inserted = (n: number) =>
  `select plimsoll.start_tasks(array_agg(gen_random_uuid()), array_agg('t'::text), array_agg('q'::text), array_agg((i % 3)::text),
    array_agg((i % 10)::smallint), array_agg(false), array_agg('{}'::text), array_agg(null::text)) from generate_series(1, ${n}) i`;

// Tasks are counted in at their start and out at their end, by what the functions say; what the tables hold must be the difference, whatever was moved.
describe("nothing is lost while partitions rotate", async () => {
  const servers = await testServers();
  let database: Scratch;
  before(async () => {
    database = await scratch(servers[0]!);
    await migrate({ ...database, modules: [], clock: systemClock });
  });
  after(async () => {
    await database[Symbol.asyncDispose]();
    for (const server of servers) await server.stop();
  });

  const run = async (actor: readonly Step[]): Promise<number> => {
    await using client = await session(database.superUrl);
    const [{ token }] = (await client.query("select plimsoll.join_workers('w', 60000) as token")).rows as [{ token: string }];
    let balance = 0;
    for (const { does, n } of actor) {
      if (does === "start") {
        await client.query(inserted(n));
        balance += n;
      } else if (does === "slow") {
        // A session that looks meanwhile does not see it, and waits for its end.
        await client.query("begin");
        await client.query(inserted(n));
        for (let other = 0; other < n; other++) await client.query("select");
        await client.query("commit");
        balance += n;
      } else if (does === "later") {
        await client.query(
          "select plimsoll.start_task(gen_random_uuid(), 't', 'q', '', 0::smallint, false, '{}', null, $1, null, null, null, null)",
          [n % 3],
        );
        await client.query("select plimsoll.promote_tasks(10)");
        balance++;
      } else if (does === "rotate") {
        await client.query("update plimsoll.task_partitions set empty_after = '-infinity'").catch(() => undefined);
        await client.query("select plimsoll.rotate_tasks(1, $1)", [n]);
      } else if (does === "requeue") await client.query("select plimsoll.requeue_tasks(null, null, $1)", [n]);
      else if (does === "read") {
        await client.query("begin; select count(*) from plimsoll.tasks");
        await client.query("select count(*) from plimsoll.tasks; commit");
      } else balance -= await work(client, token, n);
    }
    await client.query("select plimsoll.leave_workers($1)", [token]);
    return balance;
  };

  /** Comes again, as workers do, where what it looked at was moved to another partition meanwhile. */
  const claim = async (
    client: Awaited<ReturnType<typeof session>>,
    token: string,
    n: number,
  ): Promise<{ partition: number; place: string; id: string }[]> => {
    const text = "select partition, place, id from plimsoll.claim_tasks($1, 'q', $2, null, 0, '{}', null, null, null)";
    for (;;)
      try {
        return (await client.query<{ partition: number; place: string; id: string }>(text, [token, n])).rows;
      } catch (error) {
        if ((error as { code?: string }).code !== "40001") throw error;
      }
  };

  /** Claims some, and ends each in another way; returns how many are done. */
  const work = async (client: Awaited<ReturnType<typeof session>>, token: string, n: number): Promise<number> => {
    const rows = await claim(client, token, n);
    let done = 0;
    for (const [i, { partition, place, id }] of rows.entries()) {
      const one = [token, [partition], [place], [id]];
      if (i % 5 === 0) await client.query("select plimsoll.retry_leased_tasks($1, $2, $3, $4, '{0}', '{true}', '{null}')", one);
      else if (i % 5 === 1) await client.query("select plimsoll.dead_letter_leased_tasks($1, $2, $3, $4, '{c}', '{r}', '{null}')", one);
      else if (i % 5 === 2) await client.query("select plimsoll.release_leased_tasks($1, $2, $3, $4)", one);
      else {
        const [row] = (
          await client.query<{ n: number }>("select plimsoll.complete_tasks_by_id($1, $2, $3, $4, false) as n", [
            token,
            partition,
            [place],
            [id],
          ])
        ).rows;
        done += row!.n;
      }
    }
    return done;
  };

  it("whatever sessions do at the same time", { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 2, maxLength: 8 }), { minLength: 2, maxLength: 4 }), async (actors) => {
        await database.rows("delete from plimsoll.tasks; delete from plimsoll.task_later; delete from plimsoll.task_dead_letters");
        const balances = await Promise.all(actors.map(run));
        const [row] = await database.rows<{ n: number; leased: number; ids: number }>(
          `select (select count(*) from plimsoll.tasks)::integer + (select count(*) from plimsoll.task_later)::integer
             + (select count(*) from plimsoll.task_dead_letters)::integer as n,
             (select count(*) from plimsoll.tasks where lease is not null)::integer as leased,
             (select count(distinct id) from (select id from plimsoll.tasks union all select id from plimsoll.task_later
               union all select id from plimsoll.task_dead_letters) a)::integer as ids`,
        );
        const n = balances.reduce((sum, balance) => sum + balance, 0);
        assert.deepEqual(row, { n, leased: 0, ids: n });
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});
