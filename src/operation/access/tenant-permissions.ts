import { type Duration, toMs } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import type { Grants } from "../access.ts";
import type { Sql } from "../sql.ts";

/** What reads the permissions of one tenant. */
export interface GrantsReading {
  /** Of a transaction that reads for that tenant; it has no actor. */
  readonly sql: Sql;
  /** Aborts when the reading takes too long. */
  readonly signal: AbortSignal;
}

/** The parts of {@link tenantPermissions}. */
export interface TenantPermissionsSpec<P extends string = string> {
  /** For tenants without a map of their own, for callers without a tenant, and for tasks. *Default*: no role has a permission. */
  readonly defaults?: Grants<P>;
  /** Returns the whole map of a tenant, which takes the place of `defaults`; undefined where it has none of its own. */
  readonly load: (tenant: string, reading: GrantsReading) => Promise<Grants | undefined>;
  /** How old what a process knows of a map may be. *Default*: 1 s. *Bounds*: 100 ms to 10 min. */
  readonly maxAge?: Duration;
}

/** Which permissions the roles of each tenant have, for `createApp({ permissions })`. */
export interface TenantPermissions {
  readonly kind: "tenant permissions";
  readonly defaults: Grants;
  readonly load: TenantPermissionsSpec["load"];
  readonly maxAgeMs: number;
}

/**
 * Lets each tenant have roles of its own: the app loads the map of a tenant when one of its callers needs a permission.
 * *Bounds*: a load may take 1 s, or `maxAge` if that is less, and may send 32 statements. A map has at most 10,000 entries. A process keeps the maps of
 * 10,000 tenants.
 * *Guarantees*: a change holds for requests that arrive `maxAge` after its commit. Callers of a tenant share one load, and a map that is in use is loaded
 * again before it is too old. A role that the map of the tenant does not have has no permission. A permission that no operation names is ignored, and logged once.
 * *Faults thrown*: none; a request that needs a permission while the map cannot be had is `unavailable` of type `permissions_unavailable`.
 * @example permissions: tenantPermissions({ defaults: { owner: ["orders.refund"] }, load: async (_, { sql }) => readGrants(sql) })
 */
export function tenantPermissions<P extends string = string>({
  defaults = {},
  load,
  maxAge = limits.permissionsMs,
}: TenantPermissionsSpec<P>): TenantPermissions {
  return { kind: "tenant permissions", defaults, load, maxAgeMs: toMs(maxAge) };
}

/** Whether the permissions of an app are those of its tenants. */
export function arePerTenant(permissions: Grants | TenantPermissions | undefined): permissions is TenantPermissions {
  // A role may have any name, also `kind`; only this is never a list.
  return permissions?.kind === "tenant permissions";
}
