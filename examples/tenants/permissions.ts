// Each tenant decides what its roles may do. Run it with: node --conditions=source examples/tenants/permissions.ts
import { type Actor, claim, command, createApp, type Fault, module, permission, query, tenantPermissions } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

type Permission = "team.read" | "team.grant";

const Grant = z.object({ role: z.string().max(100), permission: z.string().max(100) });

const read = query("team.read", {
  ...{ input: z.object({}), output: z.object({ members: z.int() }), budget: "5s" },
  access: permission<Permission>("team.read"),
  run: async () => ({ members: 3 }),
});

const grant = command("team.grant", {
  ...{ input: Grant, output: z.object({}), idempotent: "natural", budget: "5s" },
  access: permission<Permission>("team.grant"),
  async run({ role, permission: name }, { sql }) {
    await sql`insert into team.grants (role, permission) values (${role}, ${name}) on conflict do nothing`.run();
    return {};
  },
});

const GrantsOfRole = z.object({ role: z.string(), permissions: z.array(z.string()) });

const permissions = tenantPermissions<Permission>({
  defaults: { owner: ["team.read", "team.grant"] },
  async load(_tenant, { sql }) {
    const rows = await sql(GrantsOfRole)`
      select role, array_agg(permission) as permissions from team.grants group by role`.many();
    if (rows.length === 0) return undefined;
    return { owner: ["team.read", "team.grant"], ...Object.fromEntries(rows.map((row) => [row.role, row.permissions])) };
  },
  maxAge: "100ms",
});

if (import.meta.main) {
  const migrations = new URL("migrations/", import.meta.url);
  const app = createApp({
    modules: [module("team", { schema: "team", migrations, operations: [read, grant] })],
    ...{ database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }), tenancy: claim("tid"), permissions },
  });
  await app.start();
  const as = (tenant: string, role: string): Actor => ({ id: "ann", kind: "user", roles: [role], tenant, claims: { tid: tenant } });
  const reads = async (tenant: string) => {
    const outcome = await app.call(read, {}, { actor: as(tenant, "guest") }).then(
      ({ members }) => `${members} members`,
      (fault: Fault) => fault.type,
    );
    console.log(`a guest of ${tenant} reads: ${outcome}`);
  };
  await app.call(grant, { role: "guest", permission: "team.read" }, { actor: as("acme", "owner") });
  // A process may know the map for as long as maxAge says.
  await new Promise((resolve) => setTimeout(resolve, 150));
  await reads("acme");
  await reads("globex");
  await app.stop();
}
