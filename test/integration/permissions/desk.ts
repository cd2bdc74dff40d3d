import {
  type Actor,
  type AppSpec,
  action,
  authenticator,
  claim,
  command,
  createApp,
  module,
  permission,
  query,
  role,
  task,
  tenantPermissions,
  visibleTo,
} from "plimsoll";
import { http } from "plimsoll/http";
import type { TestDatabase } from "plimsoll/testing";
import { z } from "zod";

/** The token says who it is: `ann@acme+clerk+boss` is ann of acme with two roles. */
const people = authenticator({
  authenticate: (token): Actor => {
    const [name = "", ...roles] = token.split("+");
    const [id = "", tenant = ""] = name.split("@");
    return { id, kind: "user", roles, tenant, claims: { tid: tenant } };
  },
});

const none = z.object({});
const Report = z.object({ id: z.string(), loads: z.int(), margin: visibleTo(permission("margins.read"), z.int()) });
let loads = 0;

const report = query("t.report", {
  ...{ input: none, output: Report, access: permission("reports.read"), budget: "10s", cache: { ttl: "1h", per: "tenant" } },
  http: "GET /report",
  run: async () => ({ id: "7", loads: ++loads, margin: 3 }),
});
const refund = command("t.refund", {
  ...{ input: none, output: Report, access: permission("orders.refund"), idempotent: "key", budget: "10s" },
  http: "POST /refund",
  run: async () => ({ id: "r", loads: ++loads, margin: 4 }),
});
const hello = action("t.hello", {
  ...{ input: none, output: none, access: role("clerk"), idempotent: "natural", budget: "10s", http: "POST /hello" },
  run: async () => ({}),
});
/** What it calls needs a permission, and it needs none itself. */
const through = command("t.through", {
  ...{ input: none, output: none, access: "public", idempotent: "no", budget: "10s", http: "POST /through" },
  run: async (_, { call }) => call(inner, {}),
});
const inner = command("t.inner", {
  ...{ input: none, output: none, access: permission("orders.refund"), idempotent: "no", budget: "10s" },
  run: async () => ({}),
});
/** The items that the next stream of `watch` waits for. */
export const items: PromiseWithResolvers<void>[] = [];
const watch = query("t.watch", {
  ...{ input: none, access: permission("reports.read"), budget: "10s", http: "GET /watch" },
  stream: { item: Report },
  async *run(_, { signal }) {
    for (let loads = 0; ; loads++) {
      yield { id: "s", loads, margin: 5 };
      const next = Promise.withResolvers<void>();
      items.push(next);
      signal.addEventListener("abort", () => next.resolve(), { once: true });
      await next.promise;
    }
  },
});
export const work = task("t.work", { input: none, budget: "10s", run: async (_, { call }) => void (await call(inner, {})) });
export const begin = command("t.begin", {
  ...{ input: none, output: none, access: permission("orders.refund"), idempotent: "no", budget: "10s", http: "POST /begin" },
  run: async (_, { start }) => start(work, {}).then(() => ({})),
});

const operations = [report, refund, hello, through, inner, watch, work, begin];
export const modules = [module("t", { schema: "t", migrations: new URL("migrations/", import.meta.url), operations })];

export const permissions = (maxAge: "1s" | "2s" = "1s") =>
  tenantPermissions({
    defaults: { clerk: ["reports.read"], system: ["orders.refund"] },
    maxAge,
    async load(_, { sql }) {
      const rows = await sql<{ role: string; permissions: string[] }>`
        select role, array_agg(permission) as permissions from t.grants group by role`.many();
      return rows.length === 0 ? undefined : Object.fromEntries(rows.map((row) => [row.role, row.permissions]));
    },
  });

/** An app whose tenants decide what roles may do. */
export function desk(spec: Omit<AppSpec, "modules">) {
  return createApp({
    ...{ modules, authentication: people, tenancy: claim("tid"), permissions: permissions(), rateLimit: { perSecond: 0 } },
    surfaces: [http({ port: 0, host: "127.0.0.1" })],
    ...spec,
  });
}

/** Gives the roles of a tenant these permissions, and no others. */
export async function decide(database: TestDatabase, tenant: string, grants: Record<string, readonly string[]>): Promise<void> {
  await database.admin("delete from t.grants where tenant_id = $1", [tenant]);
  for (const [name, permitted] of Object.entries(grants))
    await database.admin("insert into t.grants select $1, $2, unnest($3::text[])", [tenant, name, permitted]);
}
