import type { Claim, ClaimResult, Statement, StatementResult, StoredReply, TransactionOptions } from "../operation/transaction.ts";

// The SQL that frames every transaction. All of it is prepared once per connection.

const settings =
  "select set_config('plimsoll.tenant', $1, true), set_config('plimsoll.actor', $2, true), set_config('statement_timeout', $3, true), set_config('idle_in_transaction_session_timeout', $4, true)";
const settingsWithTimeout = `${settings}, set_config('transaction_timeout', $4, true)`;

/** How long a half-dead owner may sit on an open transaction, and so on its key, after its deadline. */
const graceMs = 1_000;

/** Tenant, actor and the time that is left, for this transaction only. */
export function settingsStatement({ tenant, owner }: TransactionOptions, remainingMs: number, hasTransactionTimeout: boolean): Statement {
  return {
    text: hasTransactionTimeout ? settingsWithTimeout : settings,
    values: [tenant ?? "", owner.actorId ?? "", String(remainingMs), String(remainingMs + graceMs)],
    columnsAsIs: true,
  };
}
