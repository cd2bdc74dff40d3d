import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { Fault } from "../../src/core/fault.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { type Scratch, scratch, scratchModule, session } from "./scratch.ts";
import { testServers } from "./servers.ts";

const tenant = "tenant_id text not null default plimsoll.tenant()";
const parents = `create table stock.parents (${tenant}, id int, name text, primary key (tenant_id, id), unique (tenant_id, name)); select plimsoll.tenant_table('stock.parents');`;

// What tenant_table refuses, and what it says.
const badShapes: [string, string, RegExp][] = [
  ["no tenant_id", "id int primary key", /"?stock\.bad"? has no column tenant_id of type text.*Add: tenant_id text not null/s],
  ["a tenant_id of another type", "tenant_id int, id int, primary key (tenant_id, id)", /no column tenant_id of type text/],
  ["no primary key", `${tenant}, id int`, /has no primary key.*primary key \(tenant_id, id\)/s],
  ["a primary key without it", `${tenant}, id int primary key`, /primary key "bad_pkey".*does not contain tenant_id/],
  [
    "a unique constraint without it",
    `${tenant}, id int, mail text constraint one_mail unique, primary key (tenant_id, id)`,
    /unique constraint "one_mail"/,
  ],
  [
    "an exclusion constraint without it",
    `${tenant}, id int, during int4range, constraint apart exclude using gist (during with &&), primary key (tenant_id, id)`,
    /exclusion constraint "apart"/,
  ],
  [
    "a unique index without it",
    `${tenant}, id int, mail text, primary key (tenant_id, id)); create unique index one_mail on stock.bad (lower(mail)`,
    /unique index "one_mail"/,
  ],
  [
    "a unique index that only includes it",
    `${tenant}, id int, mail text, primary key (tenant_id, id)); create unique index one_mail on stock.bad (mail) include (tenant_id`,
    /unique index "one_mail"/,
  ],
  [
    "a foreign key that joins it to something else",
    `${tenant}, id int, parent text, primary key (tenant_id, id), constraint crossed foreign key (parent, tenant_id) references stock.parents (tenant_id, name)`,
    /foreign key "crossed".*does not join tenant_id to the tenant_id of stock\.parents.*foreign key \(tenant_id, …\) references stock\.parents \(tenant_id, …\)/s,
  ],
];

// What a file of a module may not leave behind.
const gaps: [string, string, RegExp][] = [
  [
    "a table that was forgotten",
    `create table stock.forgotten (${tenant}, id int, primary key (tenant_id, id))`,
    /stock\.forgotten has a column tenant_id and no row-level security\. Add: select plimsoll\.tenant_table\('stock\.forgotten'\)/,
  ],
  [
    "a table that belongs to tenants by what it refers to",
    "create table stock.child (owner text, parent int, foreign key (owner, parent) references stock.parents (tenant_id, id))",
    /stock\.child refers to stock\.parents/,
  ],
  [
    "a view with the rights of its owner",
    "create view stock.names as select name from stock.parents",
    /stock\.names is a view.*alter view stock\.names set \(security_invoker = true\)/s,
  ],
  [
    "a view over such a view",
    "create view stock.safe with (security_invoker) as select name from stock.parents; create view stock.unsafe as select * from stock.safe",
    /stock\.unsafe is a view/,
  ],
  ["a materialized view", "create materialized view stock.kept as select name from stock.parents", /stock\.kept is a materialized view/],
  [
    "a security-definer function without a search_path",
    "create function stock.f() returns bigint language sql security definer as 'select count(*) from stock.parents where tenant_id = plimsoll.tenant()'",
    /stock\.f\(\) is a security-definer function without a search_path/,
  ],
  [
    "a security-definer function without a tenant",
    "create function stock.f() returns bigint language sql security definer set search_path = '' as 'select count(*) from stock.parents'",
    /does not ask plimsoll\.tenant\(\).*where tenant_id = plimsoll\.tenant\(\)/s,
  ],
  [
    "a partition that can be asked directly",
    `create table stock.parts (${tenant}, id int, primary key (tenant_id, id)) partition by hash (id); create table stock.part0 partition of stock.parts for values with (modulus 1, remainder 0); select plimsoll.tenant_table('stock.parts')`,
    /stock\.part0 has a column tenant_id/,
  ],
];

const fine = [
  "create table stock.countries (code text primary key, name text unique)",
  `create table stock.addresses (${tenant}, id int, country text references stock.countries, primary key (tenant_id, id)); select plimsoll.tenant_table('stock.addresses')`,
  "create table stock.tenants (id text primary key)",
  `create table stock.settings (tenant_id text references stock.tenants, key text, primary key (tenant_id, key)); select plimsoll.tenant_table('stock.settings')`,
  `create table stock.offspring (${tenant}, id int, parent int, primary key (tenant_id, id), foreign key (tenant_id, parent) references stock.parents (tenant_id, id)); select plimsoll.tenant_table('stock.offspring')`,
  `create table stock.parts (${tenant}, id int, primary key (tenant_id, id)) partition by hash (id); create table stock.part0 partition of stock.parts for values with (modulus 1, remainder 0); select plimsoll.tenant_table('stock.parts'), plimsoll.tenant_table('stock.part0')`,
  "create view stock.names with (security_invoker = true) as select name from stock.parents",
  "create materialized view stock.totals as select count(*) from stock.parents; comment on materialized view stock.totals is 'all tenants: how large we are'",
  "create function stock.f() returns bigint language sql security definer set search_path = '' begin atomic select count(*) from stock.parents where tenant_id = plimsoll.tenant(); end",
  "create function stock.g() returns bigint language sql security definer set search_path = '' as 'select count(*) from stock.parents'; comment on function stock.g() is 'all tenants: the count for the dashboard of operators'",
];

// The pattern for full-text search. Before 18 the body of an SQL function is planned without its arguments: were the limit in the same query as
// the condition, the planner would hope to meet enough rows along the primary key, and read all of the tenant's for a rare word.
const search = `create function stock.search_products(p_query text, p_limit int) returns setof stock.products
  language sql stable security definer set search_path = ''
  begin atomic
    with found as materialized (
      select * from stock.products p where p.tenant_id = plimsoll.tenant() and p.document @@ websearch_to_tsquery('simple', p_query)
    )
    select * from found f order by f.id limit p_limit;
  end;`;

const shop = `${parents}
create table stock.children (${tenant}, id int, parent int, primary key (tenant_id, id), foreign key (tenant_id, parent) references stock.parents (tenant_id, id));
select plimsoll.tenant_table('stock.children');
insert into stock.parents values ('acme', 1, 'a'), ('acme', 2, 'b'), ('globex', 1, 'g'), ('globex', 7, 'h');
insert into stock.children values ('acme', 1, 1), ('globex', 1, 7);
create table stock.products (${tenant}, id int, title text not null, document tsvector generated always as (to_tsvector('simple', title)) stored, primary key (tenant_id, id));
select plimsoll.tenant_table('stock.products');
create index products_document on stock.products using gin (document);
${search}
insert into stock.products select t, i, case when i % 1000 = 0 then 'rare lamp ' else 'chair ' end || i from generate_series(1, 5000) i, unnest(array['acme', 'globex']) t;
analyze stock.products; analyze stock.parents;`;

for (const server of await testServers()) {
  describe(`tenancy, on ${server.name}`, () => {
    let database: Scratch;
    const module = scratchModule({ "0001_shop.sql": shop });

    before(async () => {
      database = await scratch(server);
      await migrate({ ...database, modules: [module], clock: systemClock });
    });
    after(async () => {
      await database[Symbol.asyncDispose]();
      module[Symbol.dispose]();
      await server.stop();
    });

    /** What a file with that SQL meets, tried and undone. */
    async function tried(sql: string): Promise<string> {
      using extended = scratchModule({ "0001_shop.sql": shop, "0002_next.sql": sql });
      const done = migrate({ ...database, modules: [extended], mode: "dry-run", clock: systemClock });
      return done.then(
        () => "",
        (error: unknown) => (error instanceof Fault ? error.message : String(error)),
      );
    }

    for (const [what, columns, message] of badShapes) {
      it(`refuses a table with ${what}`, async () => {
        const refusal = await tried(`create table stock.bad (${columns});\nselect plimsoll.tenant_table('stock.bad')`);
        assert.match(refusal, message);
        assert.match(refusal, /0002_next\.sql:2: /);
      });
    }

    for (const [what, sql, message] of gaps) it(`refuses a file that leaves ${what}`, async () => assert.match(await tried(sql), message));

    it("accepts keys that keep tenants apart, what all tenants share, and what says why", async () => {
      assert.equal(await tried(fine.join(";\n")), "");
    });

    it("shows, changes and deletes only rows of the tenant", async () => {
      await using app = await session(database.url);
      const within = async (name: string | undefined, text: string) => {
        await app.query("begin");
        if (name !== undefined) await app.query("select set_config('plimsoll.tenant', $1, true)", [name]);
        try {
          const { rows, rowCount } = await app.query(text);
          return rows.length > 0 ? rows : rowCount;
        } finally {
          await app.query("rollback");
        }
      };
      assert.deepEqual(await within("acme", "select id, name from stock.parents order by id"), [
        { id: 1, name: "a" },
        { id: 2, name: "b" },
      ]);
      assert.deepEqual(await within("globex", "select id from stock.parents where id in (2, 7)"), [{ id: 7 }]);
      assert.equal(await within("acme", "update stock.parents set name = 'x' where id = 7"), 0);
      assert.equal(await within("acme", "update stock.parents set name = name || '!'"), 2);
      assert.equal(await within("acme", "delete from stock.children"), 1);
      assert.equal(await within("acme", "delete from stock.parents where tenant_id = 'globex'"), 0);
      assert.equal(await within("acme", "select 1 from stock.parents where tenant_id = 'globex' for update"), 0);
      assert.deepEqual(await within("acme", "insert into stock.parents (id, name) values (7, 'mine') returning tenant_id"), [
        { tenant_id: "acme" },
      ]);
      const forbidden = [
        "insert into stock.parents values ('globex', 9, 'z')",
        "update stock.parents set tenant_id = 'globex' where id = 2",
      ];
      for (const text of forbidden) await assert.rejects(within("acme", text), { code: "42501" }, text);
      await assert.rejects(
        within("acme", "insert into stock.parents values ('globex', 7, 'z') on conflict (tenant_id, id) do update set name = 'z'"),
        { code: "42501" },
      );
    });

    it("matches nothing where no tenant is set, set to nothing, or set in a transaction before", async () => {
      await using app = await session(database.url);
      const count = async () => (await app.query("select count(*)::int as n from stock.parents")).rows[0].n;
      assert.equal(await count(), 0);
      await app.query("begin; select set_config('plimsoll.tenant', 'acme', true)");
      assert.equal(await count(), 2);
      await app.query("commit");
      assert.equal(await count(), 0, "after its transaction the setting is empty, which is no tenant");
      await assert.rejects(app.query("insert into stock.parents (id, name) values (9, 'stranger')"), { code: "42501" });
      await assert.rejects(app.query("insert into stock.parents values ('', 9, 'stranger')"), { code: "42501" });
      assert.equal((await app.query("update stock.parents set name = 'x'")).rowCount, 0);
      assert.equal((await app.query("delete from stock.children")).rowCount, 0);
    });

    it("cannot be turned off by the application", async () => {
      await assert.rejects(database.as("acme", "set local row_security = off", "select * from stock.parents"), { code: "42501" });
      await assert.rejects(database.as("acme", `set local role ${database.ownerRole}`), { code: "42501" });
      await assert.rejects(database.as("acme", "alter table stock.parents disable row level security"), { code: "42501" });
      await assert.rejects(database.as("acme", "drop policy plimsoll_tenant on stock.parents"), { code: "42501" });
      await assert.rejects(database.as("acme", "truncate stock.children"), { code: "42501" });
    });

    it("lets no foreign key lead to another tenant's row", async () => {
      await assert.rejects(database.as("acme", "insert into stock.children (id, parent) values (2, 7)"), { code: "23503" });
      await assert.rejects(database.as("acme", "update stock.children set parent = 7 where id = 1"), { code: "23503" });
      assert.equal((await database.as("globex", "select 1 from stock.children where parent = 7")).length, 1);
    });

    it("lets migrations, which run as the owner, change the rows of all tenants", async () => {
      await using owner = await session(database.adminUrl);
      assert.equal((await owner.query("update stock.parents set name = name")).rowCount, 4);
    });

    it("uses the index that begins with tenant_id, for one row and for all of a tenant", async () => {
      const plan = async (text: string) => {
        const rows = await database.as<{ "QUERY PLAN": string }>("acme", "set local enable_seqscan = off", `explain (costs off) ${text}`);
        return rows.map((row) => row["QUERY PLAN"]).join("\n");
      };
      const tenantCondition = /Index Cond: \(+tenant_id = NULLIF\(current_setting\('plimsoll\.tenant'::text, true\), ''::text\)\)/;
      const one = await plan("select * from stock.products where id = 5");
      assert.match(one, tenantCondition);
      assert.match(one, /AND \(id = 5\)/);
      assert.doesNotMatch(one, /Filter/);
      assert.match(await plan("select count(*) from stock.products"), tenantCondition);
      assert.match(
        await plan("select * from stock.products where tenant_id = plimsoll.tenant() and id > 5 order by id limit 3"),
        /Index Cond/,
      );
    });

    it("searches through its index in a security-definer function, and never finds another tenant's rows", async () => {
      await using app = await session(
        database.superUrl,
        "load 'auto_explain'",
        "set auto_explain.log_min_duration = 0",
        "set auto_explain.log_nested_statements = on",
        "set client_min_messages = log",
      );
      const plans: string[] = [];
      app.on("notice", ({ message }) => plans.push(message ?? ""));
      await app.query(`set session authorization ${database.appRole}`);
      await app.query("select set_config('plimsoll.tenant', 'acme', false)");
      plans.length = 0;
      const found = await app.query("select tenant_id, id from stock.search_products('rare lamp', 10)");
      assert.deepEqual(
        found.rows,
        [1000, 2000, 3000, 4000, 5000].map((id) => ({ tenant_id: "acme", id })),
      );
      const plan = plans.find((text) => text.includes("websearch_to_tsquery")) ?? plans.join("\n");
      assert.match(plan, /Bitmap Index Scan on products_document/);
      plans.length = 0;
      const direct = await app.query("select id from stock.products where document @@ websearch_to_tsquery('simple', 'rare lamp')");
      assert.equal(direct.rowCount, 5);
      assert.doesNotMatch(plans.join("\n"), /products_document/, "which is why: @@ may leak, so it waits for the policy");
      await app.query("select set_config('plimsoll.tenant', '', false)");
      assert.equal((await app.query("select id from stock.search_products('rare', 10)")).rowCount, 0);
    });
  });
}
