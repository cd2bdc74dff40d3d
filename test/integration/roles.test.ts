import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { Fault } from "../../src/core/fault.ts";
import { withClient } from "../../src/postgres/client.ts";
import { Connection } from "../../src/postgres/connection.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { checkAppRole, ensureAppRole, refuseOldServer } from "../../src/postgres/roles.ts";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { address, type Scratch, type ScratchModule, scratch, scratchModule } from "./scratch.ts";
import { longTestServers } from "./servers.ts";

const files = { "0001_items.sql": "create table stock.items (id int primary key)" };

async function check(url: string, module: ScratchModule): Promise<number> {
  const connection = await Connection.open({ url, applicationName: "roles", connectTimeoutMs: 5_000, clock: systemClock });
  try {
    return await checkAppRole(connection, [module]);
  } finally {
    await connection.close();
  }
}

function refuses(work: Promise<unknown>, ...parts: string[]): Promise<void> {
  return assert.rejects(work, (error) => {
    assert(error instanceof Fault, String(error));
    assert.equal(error.code, "failed_precondition");
    for (const part of parts) assert(error.message.includes(part), error.message);
    return true;
  });
}

// What is done to the database before the application connects, and what the app then reports.
const unsafe: [string, (database: Scratch) => string, ...string[]][] = [
  [
    "bypasses row-level security",
    ({ appRole }) => `alter role ${appRole} bypassrls`,
    "may bypass row-level security",
    "create role app login",
  ],
  ["is a superuser", ({ appRole }) => `alter role ${appRole} superuser`, "is a superuser", "ADMIN_DATABASE_URL"],
  ["is a member of the owner", ({ appRole, ownerRole }) => `grant ${ownerRole} to ${appRole}`, 'owns the schema "plimsoll"'],
  [
    "is a member that does not inherit",
    ({ appRole, ownerRole }) => `alter role ${appRole} noinherit; grant ${ownerRole} to ${appRole}`,
    "can become its owner",
  ],
  ["owns the schema of a module", ({ appRole }) => `alter schema stock owner to ${appRole}`, 'owns the schema "stock"'],
  ["owns a table of a module", ({ appRole }) => `alter table stock.items owner to ${appRole}`, 'owns the schema "stock" or a table in it'],
  [
    "may not use a schema",
    ({ appRole }) => `revoke usage on schema stock from ${appRole}`,
    'may not use the schema "stock"',
    "DATABASE_URL",
  ],
];

// On one server; on all: SERVERS=all npm test -- test/integration/roles.test.ts
for (const server of await longTestServers()) {
  describe(`the application's role, on ${server.name}`, { concurrency: 2 }, () => {
    after(() => server.stop());

    async function migrated(module: ScratchModule): Promise<Scratch> {
      const database = await scratch(server);
      await migrate({ ...database, modules: [module], clock: systemClock });
      return database;
    }

    it("is accepted as the migrations left it, in one round trip", async () => {
      using module = scratchModule(files);
      await using database = await migrated(module);
      const version = await check(database.url, module);
      assert.ok(version >= 150_000 && version < 1_000_000, String(version));
      const { hostname, port } = new URL(database.url);
      await using proxy = new FaultProxy({ host: hostname, port: Number(port) });
      await proxy.start();
      const connection = await Connection.open({
        url: proxy.through(database.url),
        applicationName: "roles",
        connectTimeoutMs: 5_000,
        clock: systemClock,
      });
      proxy.flights = 0;
      await checkAppRole(connection, [module]);
      assert.equal(proxy.flights, 1);
      await connection.close();
    });

    for (const [what, change, ...parts] of unsafe) {
      it(`is refused where it ${what}`, async () => {
        using module = scratchModule(files);
        await using database = await migrated(module);
        for (const statement of change(database).split("; ")) await database.rows(statement);
        await refuses(check(database.url, module), `"${database.appRole}"`, ...parts);
      });
    }

    it("is refused where it is the owner or the superuser itself, also behind a set role", async () => {
      using module = scratchModule(files);
      await using database = await migrated(module);
      await refuses(check(database.adminUrl, module), `"${database.ownerRole}"`, "owns the schema");
      await refuses(check(database.superUrl, module), "is a superuser");
      await refuses(check(`${database.superUrl}?options=-c%20role%3D${database.appRole}`, module), "is a superuser");
    });

    it("is refused where it can become a role that may too much, which is named", async () => {
      using module = scratchModule(files);
      await using database = await migrated(module);
      const strong = `${database.appRole}_strong`;
      await database.rows(`create role ${strong} bypassrls`);
      try {
        await database.rows(`grant ${strong} to ${database.appRole}`);
        await refuses(check(database.url, module), `can become "${strong}", which may bypass row-level security`);
        await database.rows(`alter role ${strong} nobypassrls createrole`);
        const version = Number((await database.rows<{ v: string }>("select current_setting('server_version_num') as v"))[0]?.v);
        // Since 16 a role that may create roles may not make itself a member of any other.
        if (version < 160_000) await refuses(check(database.url, module), "may create roles");
        else assert.equal(await check(database.url, module), version);
      } finally {
        await database.rows(`drop role ${strong}`);
      }
    });

    it("is made once by many at the same time, with its database, and is no more than it must be", async () => {
      await using database = await scratch(server);
      const spec = { role: `${database.appRole}_made`, password: "it's; secret", database: `${database.appRole}_made` };
      try {
        await Promise.all(Array.from({ length: 5 }, () => withClient(database.superUrl, (client) => ensureAppRole(client, spec))));
        const rights = "rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls";
        const [made] = await database.rows(`select ${rights} from pg_roles where rolname = $1`, [spec.role]);
        assert.deepEqual(Object.values(made!), [true, false, false, false, false, false]);
        const url = address(database.superUrl, { user: spec.role, password: encodeURIComponent(spec.password), database: spec.database });
        assert.equal((await withClient(url, (client) => client.query("select 1"))).rowCount, 1);
      } finally {
        await database.rows(`drop database if exists ${spec.database}`);
        await database.rows(`drop role if exists ${spec.role}`);
      }
    });
  });
}

describe("the server's version", () => {
  it("is refused before 15, by its name", () => {
    assert.throws(() => refuseOldServer(140_013), { code: "failed_precondition", message: /PostgreSQL 14; .* 15 or newer/ });
    refuseOldServer(150_000);
  });
});
