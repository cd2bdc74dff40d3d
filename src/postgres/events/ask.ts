import type { Clock } from "../../core/clock.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import type { Lender } from "../lender.ts";

/** What the store of events needs of the database that it belongs to. */
export interface EventStoreHost extends Lender {
  readonly clock: Clock;
  /** For what needs a session; undefined before the start. */
  readonly sessionUrl: string | undefined;
}

/** Sends one statement on behalf of no operation. *Faults thrown*: `unavailable`, and those of the functions. */
export type AskEvents = (statement: Statement) => Promise<StatementResult>;
