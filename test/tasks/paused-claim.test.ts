// A claim that is under way while its queue is paused: it takes nothing that was started after the pause.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { scratch, session } from "../integration/scratch.ts";
import { testServers } from "../integration/servers.ts";

const start = (
  queue: string,
) => `select plimsoll.start_tasks(array_agg(gen_random_uuid()), array_agg('t'::text), array_agg('${queue}'::text),
  array_agg(''::text), array_agg(0::smallint), array_agg(false), array_agg('{}'::text), array_agg(null::text)) from generate_series(1, 10)`;
const claim = "select count(*)::integer as claimed from plimsoll.claim_tasks($1, $2, 100, '', 0, '{}', 4, null, null)";
const lock = "select pg_advisory_xact_lock(hashtextextended('plimsoll.tasks ' || $1, 0))";
const waiting = "select count(*)::integer as waiting from pg_locks where locktype = 'advisory' and not granted and pid = $1";

describe("a claim that has begun", async () => {
  const servers = await testServers();
  for (const server of servers)
    it(`takes nothing of a queue that is paused meanwhile: ${server.name}`, async (t) => {
      t.after(() => server.stop());
      await using database = await scratch(server);
      await migrate({ ...database, modules: [], clock: systemClock });
      const [{ token } = { token: "" }] = await database.rows<{ token: string }>("select plimsoll.join_workers('w', 60000) as token");
      // Counts by fairness key wait for each other: what holds that lock holds the claim after it has looked whether the queue is paused.
      await using holds = await session(database.superUrl, "begin");
      await using claims = await session(database.superUrl);
      const { rows: pids } = await claims.query<{ pid: number }>("select pg_backend_pid() as pid");
      const claimedOf = async (queue: string, meanwhile: () => Promise<unknown>) => {
        await holds.query(lock, [queue]);
        const claimed = claims.query<{ claimed: number }>(claim, [token, queue]);
        while ((await database.rows<{ waiting: number }>(waiting, [pids[0]?.pid]))[0]?.waiting === 0) await new Promise(setImmediate);
        await meanwhile();
        await holds.query("commit");
        await holds.query("begin");
        return (await claimed).rows[0]?.claimed;
      };
      assert.equal(await claimedOf("open", () => database.rows(start("open"))), 4, "as many of a fairness key as may run");
      const pause = () => database.rows("select plimsoll.pause_tasks('closed', true)");
      assert.equal(await claimedOf("closed", async () => [await pause(), await database.rows(start("closed"))]), 0);
      await database.rows("select plimsoll.pause_tasks('closed', false)");
      assert.equal(await claimedOf("closed", async () => undefined), 4, "once it is resumed they are taken");
    });
});
