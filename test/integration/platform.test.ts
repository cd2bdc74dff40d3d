import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { scratch, session } from "./scratch.ts";
import { testServers } from "./servers.ts";

for (const server of await testServers()) {
  describe(`Plimsoll's own schema, on ${server.name}`, () => {
    after(() => server.stop());

    it("moves durable time for all sessions at once, also for statements that were planned before", async () => {
      await using database = await scratch(server);
      await migrate({ ...database, modules: [], clock: systemClock });
      await using app = await session(database.url);
      await using owner = await session(database.adminUrl);
      const offset = async () => {
        const { rows } = await app.query<{ hours: number }>({
          name: "time",
          text: "select round(extract(epoch from plimsoll.now() - statement_timestamp()) / 3600, 3)::float8 as hours",
        });
        return rows[0]!.hours;
      };
      for (const [interval, hours] of [
        ["0", 0],
        ["1 day", 24],
        ["-90 minutes", -1.5],
        ["0", 0],
      ] as const) {
        await owner.query("select plimsoll.set_clock_offset($1)", [interval]);
        assert.equal(await offset(), hours);
      }
    });

    it("deletes expired records in batches, the oldest first, and finds those recorded behind its back", async () => {
      await using database = await scratch(server);
      await migrate({ ...database, modules: [], clock: systemClock });
      await database.rows(
        "insert into plimsoll.idempotency (id, input_hash, outcome, body, expires_at) select md5(i::text)::uuid, '', 'ok', '', now() + i * interval '1 second' from generate_series(5, -24, -1) i",
      );
      await using app = await session(database.url);
      const expire = async (batch: number) => (await app.query("select plimsoll.expire_idempotency($1) as n", [batch])).rows[0].n;
      assert.equal(await expire(10), 10);
      const left = await database.rows("select round(extract(epoch from now() - min(expires_at)))::int as age from plimsoll.idempotency");
      assert.ok(left[0]!.age >= 14 && left[0]!.age < 24, "the oldest went first");
      await database.rows(
        "insert into plimsoll.idempotency (id, input_hash, outcome, body, expires_at) values (md5('late')::uuid, '', 'ok', '', now() - interval '1 day')",
      );
      assert.equal(await expire(10), 10);
      assert.ok((await expire(10)) >= 5);
      assert.equal(await expire(10), 1, "the late one, once it had caught up");
      await using _other = await session(database.superUrl, "begin", "select from plimsoll.idempotency_sweep for update");
      assert.equal(await expire(10), 0, "another process is at it");
    });
  });
}
