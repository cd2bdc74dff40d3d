import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { migrate } from "../../../src/postgres/migrate.ts";
import { scratch, scratchModule } from "../scratch.ts";
import { testServers } from "../servers.ts";

const items = "create table stock.items (id int primary key)";

for (const server of await testServers())
  describe(`a migration that ran, on ${server.name}`, () => {
    after(() => server.stop());

    it("is remembered, or nothing of it is kept (as before)", async () => {
      await using database = await scratch(server);
      const { adminUrl, url } = database;
      using first = scratchModule({ "0001_items.sql": items });
      using both = scratchModule({ "0001_items.sql": items, "0002_more.sql": "create table stock.prices (id int primary key)" });
      await migrate({ adminUrl, url, modules: [first], clock: systemClock });
      await database.rows("alter table plimsoll.migrations add check (name <> '0002_more')");
      await assert.rejects(migrate({ adminUrl, url, modules: [both], clock: systemClock }));
      assert.deepEqual(
        await database.rows("select to_regclass('stock.items') is not null as items, to_regclass('stock.prices') as prices"),
        [{ items: true, prices: null }],
      );
    });
  });
