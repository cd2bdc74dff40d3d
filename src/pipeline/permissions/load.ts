import type { Clock } from "../../core/clock.ts";
import type { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { TenantPermissions } from "../../operation/access/tenant-permissions.ts";
import type { Grants } from "../../operation/access.ts";
import { makeSql } from "../../operation/sql.ts";
import type { Database, Statement, TransactionOwner } from "../../operation/transaction.ts";
import { checkRow } from "../state/check-row.ts";
import { queriesExceeded } from "../state/faults.ts";
import { loadTooSlow } from "./faults.ts";

/** What a load runs with. */
export interface LoadHost {
  readonly database: Database;
  readonly clock: Clock;
  /** Whether rows are checked against the schemas named in `sql(…)`. */
  readonly development: boolean;
}

/**
 * Loads the map of one tenant, in a transaction that reads for it.
 * *Guarantees*: it settles within `limits.permissionLoadMs`, or the age that a map may have if that is less. *Faults thrown*: any.
 */
export async function loadGrants(
  { load, maxAgeMs }: TenantPermissions,
  tenant: string,
  { database, clock, development }: LoadHost,
): Promise<Grants | undefined> {
  const mostMs = Math.min(limits.permissionLoadMs, maxAgeMs);
  const controller = new AbortController();
  const owner = new LoadOwner(clock.monotonic() + mostMs);
  const transaction = database.begin({ mode: "read", isolation: "read committed", tenant, owner });
  const late = Promise.withResolvers<never>();
  const timer = clock.schedule(mostMs, () => {
    const fault = loadTooSlow(mostMs);
    controller.abort(fault);
    transaction.abort(fault);
    late.reject(fault);
  });
  try {
    const sql = makeSql({ run: (statement) => transaction.run(statement), ...(development && { checkRow }) });
    const grants = await Promise.race([load(tenant, { sql, signal: controller.signal }), late.promise]);
    await Promise.race([transaction.commit(), late.promise]);
    return grants;
  } catch (error) {
    void transaction.rollback();
    throw error;
  } finally {
    timer.cancel();
  }
}

/** A load has a transaction of its own: several executions wait for it, and the budget of none counts it. */
class LoadOwner implements TransactionOwner {
  readonly actorId = undefined;
  readonly deadlineAt: number;
  #statements = 0;

  constructor(deadlineAt: number) {
    this.deadlineAt = deadlineAt;
  }

  statementStarts({ text }: Statement): void {
    const value = limits.operationQueries;
    if (++this.#statements > value)
      throw queriesExceeded("tenantPermissions", { limit: "queries", value, load: this.#statements, mode: "enforce" }, text);
  }

  statementEnds(): void {}
  enterDatabase(): void {}
  databaseLeaves(): void {}
  waited(): void {}
  inputFault(): Fault | undefined {
    return undefined;
  }
}
