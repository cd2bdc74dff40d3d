import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine } from "../../core/load-line/load-line.ts";
import type { LoadLines } from "../../core/load-line/load-lines.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { TenantPermissions } from "../../operation/access/tenant-permissions.ts";
import type { RolesByPermission } from "../../operation/access.ts";
import type { Actor } from "../../operation/actor.ts";
import type { Database } from "../../operation/transaction.ts";
import { permissionsUnavailable } from "./faults.ts";
import { loadGrants } from "./load.ts";
import { type GrantsReader, readGrants } from "./roles-by-permission.ts";

/** An execution whose caller is known. */
export interface Grantee {
  readonly actor: Actor;
  readonly tenant: string | undefined;
  /** What decides for it, once that is known. */
  permitted: RolesByPermission | undefined;
}

/** What the permissions of tenants need of their process. */
export interface TenantGrantsHost {
  readonly database: Database;
  readonly clock: Clock;
  readonly development: boolean;
  readonly metrics: Metrics;
  readonly loadLines: LoadLines;
  /** All permissions that an operation names. */
  readonly named: Iterable<string>;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

interface Entry {
  /** Undefined where no load has succeeded yet. */
  readonly rolesOf: RolesByPermission | undefined;
  readonly size: number;
  /** All that was committed before is in it. *Units*: milliseconds of the monotonic clock. */
  readonly knownAt: number;
  /** Until then no further load begins, since the last one failed. *Units*: the same. */
  readonly retryAt: number;
}

interface Load {
  readonly tenant: string;
  readonly loaded: PromiseWithResolvers<Entry>;
}

/** Which roles of which tenant have which permission, as one process knows it. */
export class TenantGrants {
  readonly #permissions: TenantPermissions;
  readonly #host: TenantGrantsHost;
  readonly #defaults: RolesByPermission;
  readonly #reader: GrantsReader;
  /** The one that was loaded last is the last. */
  readonly #entries = new Map<string, Entry>();
  readonly #loads = new Map<string, Load>();
  /** Those of them that have not begun. */
  readonly #next: Load[] = [];
  readonly #unknown = new Set<string>();
  #size = 0;
  #running = 0;
  #waiting = 0;
  #began = 0;
  #failures = 0;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(permissions: TenantPermissions, host: TenantGrantsHost) {
    this.#permissions = permissions;
    this.#host = host;
    const known = new Set([...host.named, ...Object.values(permissions.defaults).flat()]);
    this.#reader = { known, unknown: (permission) => this.#ignores(permission) };
    this.#defaults = readGrants(permissions.defaults, this.#reader).rolesOf;
    this.#show(host);
  }

  /**
   * Finds out what decides for an execution. A promise where the map of its tenant must be loaded first.
   * *Faults thrown*, at once or by the promise: `unavailable` of type `permissions_unavailable`.
   */
  give(execution: Grantee): undefined | Promise<void> {
    const { tenant } = execution;
    if (tenant === undefined || !isDecidedByTenant(execution)) {
      execution.permitted = this.#defaults;
      return undefined;
    }
    const entry = this.#entries.get(tenant);
    if (entry !== undefined && this.#isFresh(entry)) {
      execution.permitted = entry.rolesOf;
      this.#renew(tenant, entry);
      return undefined;
    }
    return this.#wait(tenant, entry).then((loaded) => {
      execution.permitted = loaded.rolesOf;
    });
  }

  /** Sees to it that the map is there if the execution needs it later, and waits for nothing. */
  ahead(execution: Grantee): void {
    const { tenant } = execution;
    if (tenant === undefined || !isDecidedByTenant(execution)) return;
    this.#renew(tenant, this.#entries.get(tenant));
  }

  #isFresh({ rolesOf, knownAt }: Entry): boolean {
    return rolesOf !== undefined && this.#host.clock.monotonic() - knownAt < this.#permissions.maxAgeMs;
  }

  /** Loads it again, if half of its time is over. */
  #renew(tenant: string, entry: Entry | undefined): void {
    const now = this.#host.clock.monotonic();
    if (entry !== undefined && (now - entry.knownAt < this.#permissions.maxAgeMs / 2 || now < entry.retryAt)) return;
    if (this.#running < limits.permissionLoads && !this.#loads.has(tenant)) this.#load(tenant);
  }

  async #wait(tenant: string, entry: Entry | undefined): Promise<Entry> {
    let load = this.#loads.get(tenant);
    const isTooSoon = load === undefined && entry !== undefined && this.#host.clock.monotonic() < entry.retryAt;
    if (isTooSoon || this.#waiting >= limits.permissionWaiting) throw permissionsUnavailable();
    load ??= this.#load(tenant);
    this.#waiting++;
    try {
      const loaded = await load.loaded.promise;
      if (this.#isFresh(loaded)) return loaded;
    } finally {
      this.#waiting--;
    }
    throw permissionsUnavailable();
  }

  #load(tenant: string): Load {
    const load = { tenant, loaded: Promise.withResolvers<Entry>() };
    this.#loads.set(tenant, load);
    this.#next.push(load);
    this.#begin();
    return load;
  }

  #begin(): void {
    while (this.#running < limits.permissionLoads) {
      const load = this.#next.shift();
      if (load === undefined) return;
      this.#running++;
      void this.#run(load);
    }
  }

  async #run({ tenant, loaded }: Load): Promise<void> {
    const { clock } = this.#host;
    const knownAt = clock.monotonic();
    this.#began++;
    let entry: Entry;
    try {
      const grants = await loadGrants(this.#permissions, tenant, this.#host);
      const { rolesOf, size } = grants === undefined ? { rolesOf: this.#defaults, size: 0 } : readGrants(grants, this.#reader);
      entry = { rolesOf, size, knownAt, retryAt: Number.NEGATIVE_INFINITY };
    } catch (error) {
      this.#fails(tenant, error);
      const { rolesOf, size, knownAt: since } = this.#entries.get(tenant) ?? { rolesOf: undefined, size: 0, knownAt };
      // What was known before is good until it is too old.
      entry = { rolesOf, size, knownAt: since, retryAt: clock.monotonic() + retryMs };
    }
    this.#keep(tenant, entry);
    this.#running--;
    this.#loads.delete(tenant);
    loaded.resolve(entry);
    this.#begin();
  }

  #keep(tenant: string, entry: Entry): void {
    this.#forget(tenant);
    this.#entries.set(tenant, entry);
    this.#size += entry.size;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= limits.permissionTenants && this.#size <= limits.permissionGrantsKept) return;
      this.#forget(oldest);
    }
  }

  #forget(tenant: string): void {
    this.#size -= this.#entries.get(tenant)?.size ?? 0;
    this.#entries.delete(tenant);
  }

  #fails(tenant: string, error: unknown): void {
    this.#failures++;
    const now = this.#host.clock.monotonic();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + quietMs;
    const message = "The permissions of a tenant cannot be loaded, and requests that need one are refused. Check the cause in error.";
    this.#host.warn(message, { tenant, error });
  }

  #ignores(permission: string): void {
    if (this.#unknown.size >= warnings || this.#unknown.has(permission)) return;
    this.#unknown.add(permission);
    const message = "A tenant gives a role a permission that no operation names, and it is ignored. Correct its name, or remove it.";
    this.#host.warn(message, { permission: permission.slice(0, 200) });
  }

  #show({ metrics, loadLines }: TenantGrantsHost): void {
    loadLines.register(
      new LoadLine({
        name: "tenant permissions",
        unit: "tenants",
        declared: limits.permissionTenants,
        now: () => this.#entries.size,
        fixed: "Memory is bounded, whatever the load. The maps that were loaded longest ago are dropped and loaded again.",
      }),
    );
    const totals = { loads: () => this.#began, failures: () => this.#failures };
    metrics.total({
      name: "plimsoll_permission_loads_total",
      help: "Loads of the permissions of a tenant.",
      read: totals.loads,
    });
    metrics.total({
      name: "plimsoll_permission_load_failures_total",
      help: "Loads of the permissions of a tenant that failed.",
      read: totals.failures,
    });
  }
}

/** How soon a load that failed is tried again. *Units*: milliseconds. */
const retryMs = 100;
/** For how long no further failure is logged. *Units*: milliseconds. */
const quietMs = 10_000;
/** Unknown permissions that are logged. */
const warnings = 100;

/** The system is not of a tenant, and who has no role has no permission. */
function isDecidedByTenant({ actor }: Grantee): boolean {
  return actor.kind !== "system" && actor.roles.length > 0;
}
