import type { Clock } from "../../core/clock.ts";
import type { Claim, ClaimResult } from "../../operation/transaction.ts";
import type { Connection } from "../connection.ts";

/** What transactions need of the database that they belong to. */
export interface TransactionHost {
  readonly clock: Clock;
  /** Whether its connections lead to a replica. *Default*: they do not. */
  readonly isReplica?: boolean;
  /** Whether the server knows `transaction_timeout` (17 and newer). */
  readonly hasTransactionTimeout: boolean;
  take(): Connection | undefined;
  wait(deadlineAt: number): Promise<Connection>;
  release(connection: Connection): void;
  quarantine(connection: Connection): void;
  /** Its server takes no writes: it is closed, and with it what was connected before, which may lead to where the primary was. */
  movedOn(connection: Connection | undefined): void;
  /** Asks, on another connection, the outcome of a claim; waits while its owner still holds it. `until` is of the clock's monotonic time. */
  fateOf(claim: Claim, until: number): Promise<ClaimResult>;
}
