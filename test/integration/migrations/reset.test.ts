import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import * as embedded from "../../../src/embedded/index.ts";
import { EmbeddedPostgres } from "../../../src/embedded/launcher.ts";
import { withClient } from "../../../src/postgres/client.ts";
import * as postgres from "../../../src/postgres/index.ts";
import { type Scratch, scratch, scratchModule } from "../scratch.ts";
import { testServers } from "../servers.ts";

const items = "create table stock.items (id int primary key);";
const edited = `${items} create table stock.more (id int primary key);`;

async function withEnvironment(name: string | undefined, work: () => Promise<void>): Promise<void> {
  const before = process.env.NODE_ENV;
  const set = (value: string | undefined) => {
    if (value === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = value;
  };
  set(name);
  try {
    await work();
  } finally {
    set(before);
  }
}

// One after the other: each says in which environment it is.
for (const server of await testServers()) {
  describe(`reset, on ${server.name}`, () => {
    after(() => server.stop());

    const migrated = async (database: Scratch) => {
      const module = scratchModule({ "0001_items.sql": items });
      const { adminUrl, url } = database;
      const apply = () => postgres.migrate({ adminUrl, url, modules: [module], clock: systemClock });
      await apply();
      return { module, apply, database: new URL(adminUrl).pathname.slice(1), adminUrl };
    };

    it("is the way back that the refusal of an edited file points to, outside production alone", async () => {
      await using scratched = await scratch(server);
      const { module, apply, adminUrl, database } = await migrated(scratched);
      using _ = module;
      await scratched.rows("create table public.kept as select 1 as a");
      module.write({ "0001_items.sql": edited });
      await withEnvironment("production", () =>
        assert.rejects(apply(), ({ message }: Error) => message.includes("Undo the change") && !message.includes("reset")),
      );
      await withEnvironment(undefined, () =>
        assert.rejects(apply(), { message: /Undo the change.*In development.*reset from plimsoll\/postgres/ }),
      );
      await postgres.reset({ modules: [module], adminUrl, database });
      assert.ok((await apply()).applied.includes("stock/0001_items"));
      await scratched.as(undefined, "insert into stock.more values (1)");
      assert.deepEqual(await scratched.rows("select a from public.kept"), [{ a: 1 }], "what does not belong to the app stays");
    });

    it("refuses in production, and a database that was not named, and drops nothing", async () => {
      const { reset } = postgres;
      await using scratched = await scratch(server);
      const { module, adminUrl, database } = await migrated(scratched);
      using _ = module;
      await scratched.rows("insert into stock.items values (1)");
      await withEnvironment("production", async () => {
        await assert.rejects(reset({ modules: [module], adminUrl, database }), { code: "failed_precondition", message: /production/ });
        await assert.rejects(embedded.reset({ modules: [module], directory: "/nowhere" }), {
          code: "failed_precondition",
          message: /production/,
        });
      });
      for (const other of ["postgres", "", database.toUpperCase()])
        await assert.rejects(reset({ modules: [module], adminUrl, database: other }), {
          code: "failed_precondition",
          message: /leads to the database "plimsoll_scratch_/,
        });
      assert.deepEqual(await scratched.rows("select id from stock.items"), [{ id: 1 }]);
    });
  });
}

describe("reset, of an embedded server", () => {
  it("empties it by its directory, and stops it again", async () => {
    const { reset } = embedded;
    const directory = mkdtempSync(join(tmpdir(), "plimsoll-reset-"));
    const server = new EmbeddedPostgres({ directory });
    using module = scratchModule({ "0001_items.sql": items });
    try {
      await server.start();
      await withClient(server.adminUrl, (client) =>
        client.query("create schema plimsoll; create schema stock; create table stock.items ()"),
      );
      await server.stop();
      await reset({ modules: [module], directory });
      await server.start();
      const left = await withClient(server.adminUrl, (client) =>
        client.query("select from pg_namespace where nspname in ('plimsoll', 'stock')"),
      );
      assert.equal(left.rowCount, 0);
    } finally {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
