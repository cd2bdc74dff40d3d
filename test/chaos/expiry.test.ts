import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { scratch, session } from "../integration/scratch.ts";
import { testServers } from "../integration/servers.ts";

const records = 10_000_000;
const batch = 10_000;
const reply = '{"orderId":"01890000-0000-7000-8000-000000000000","total":12345}';

// What an application meets that was off for a day: everything has expired, and a forgotten transaction keeps what is deleted from being removed.
describe("expiry with ten million records", () => {
  it("goes on in batches of the same size and time, and disturbs no key that lives", { timeout: 280_000 }, async (t) => {
    const servers = await testServers();
    const server = servers.at(-1)!;
    try {
      await using database = await scratch(server);
      await migrate({ ...database, modules: [], clock: systemClock });
      await using owner = await session(database.adminUrl);
      // Indexes are made again as they were, after the load, which takes a fraction of the time.
      const { rows: indexes } = await owner.query<{ sql: string }>(
        "select pg_get_indexdef(indexrelid) as sql from pg_index where indrelid = 'plimsoll.idempotency'::regclass",
      );
      await owner.query("alter table plimsoll.idempotency drop constraint idempotency_pkey; drop index plimsoll.idempotency_expires_at");
      await owner.query(
        `insert into plimsoll.idempotency (id, input_hash, outcome, body, expires_at) select md5(i::text)::uuid, '', 'ok', $1, now() - interval '1 hour' + i * interval '0.1 ms' from generate_series(1, ${records}) i`,
        [reply],
      );
      for (const { sql } of indexes) await owner.query(sql);
      assert.equal(indexes.length, 2);
      await owner.query(
        "insert into plimsoll.idempotency (id, input_hash, outcome, body, expires_at) values (md5('alive')::uuid, '', 'ok', $1, now() + interval '1 day')",
        [reply],
      );
      await using _forgotten = await session(database.superUrl, "begin isolation level repeatable read", "select 1");
      await using app = await session(database.url);
      const claim = async (key: string) =>
        (await app.query("select state from plimsoll.claim_key(md5($1)::uuid, '')", [key])).rows[0].state;
      const [batches, claims]: [number[], number[]] = [[], []];
      const timed = async <T>(into: number[], work: () => Promise<T>) => {
        const since = systemClock.monotonic();
        const done = await work();
        into.push(systemClock.monotonic() - since);
        return done;
      };
      assert.equal(await claim(String(records)), "claimed", "an expired record reads as absent before it is deleted");
      let deleted = 0;
      for (let last = batch; last === batch; deleted += last) {
        last = await timed(batches, async () => (await app.query("select plimsoll.expire_idempotency($1) as n", [batch])).rows[0].n);
        assert.equal(await timed(claims, () => claim("alive")), "replay");
      }
      assert.equal(deleted, records);
      assert.equal(await claim("alive"), "replay");
      const middle = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1]!;
      const [start, end] = [middle(batches.slice(0, 100)), middle(batches.slice(-101, -1))];
      t.diagnostic(
        `${server.name}: ${batches.length} batches, the first hundred ${start.toFixed(1)} ms each, the last ${end.toFixed(1)} ms, the longest ${Math.max(...batches).toFixed(0)} ms; a claim between them ${middle(claims).toFixed(2)} ms`,
      );
      assert.ok(end < start * 5 + 20, `the last batches take ${end} ms, the first took ${start} ms`);
      assert.ok(middle(claims) < 20);
    } finally {
      for (const each of servers) await each.stop();
    }
  });
});
