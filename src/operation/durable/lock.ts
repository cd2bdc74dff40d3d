import assert from "node:assert";
import { type Duration, toMs } from "../../core/duration.ts";
import type { Sql } from "../sql.ts";

/** A lock with at most one holder in all processes, except for a moment when a lease ends. Its token distinguishes the latest holder from all earlier ones. */
export interface Lock {
  readonly kind: "lock";
  readonly name: string;
  readonly leaseMs: number;
  /**
   * Lets this transaction commit only if `token` belongs to the latest holder. Call it in every command that only the holder may run.
   * *Faults thrown*: `aborted` of type `lock_lost`.
   */
  fence(sql: Sql, token: number): Promise<void>;
}

/**
 * Declares a lock.
 * *Defaults*: a lease of 10 s. *Bounds*: 1 s to 10 min.
 * *Guarantees*: two holders may overlap for a moment, but only the fenced writes of the latest holder are committed.
 * *Source*: fencing tokens as in M. Kleppmann, "How to do distributed locking" (2016).
 * @example
 * export const cleaning = lock("orders.cleaning", { lease: "10s" });
 * await app.locks.hold(cleaning, ({ token }) => app.call(cleanUp, { token }));
 */
export function lock(name: string, { lease = "10s" }: { readonly lease?: Duration } = {}): Lock {
  const leaseMs = toMs(lease);
  assert(/^[a-z][a-z0-9._-]{1,100}$/.test(name), `lock("${name}"): write lower case letters, digits, dots and hyphens.`);
  assert(leaseMs >= 1_000 && leaseMs <= 600_000, `lock("${name}"): the lease is ${leaseMs} ms. Write a duration from 1s to 10m.`);
  return {
    ...{ kind: "lock", name, leaseMs },
    fence: async (sql, token) => void (await sql`select plimsoll.fence(${name}, ${token})`.run()),
  };
}
