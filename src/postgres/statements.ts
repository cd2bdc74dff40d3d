import assert from "node:assert";
import type { Claim, ClaimResult, Statement, StatementResult, StoredReply, TransactionOptions } from "../operation/transaction.ts";

// The SQL that frames every transaction. All of it is prepared once per connection.

// A select without columns, of which the condition does the work: there is nothing to describe, to send or to read.
const set = (names: readonly [name: string, parameter: number][]): string =>
  `select where (${names.map(([name, parameter]) => `set_config('${name}', $${parameter}, true)`).join(" || ")}) is null`;
const settings = set([
  ["plimsoll.tenant", 1],
  ["plimsoll.actor", 2],
  ["statement_timeout", 3],
  ["idle_in_transaction_session_timeout", 4],
]);
const settingsWithTimeout = set([
  ["plimsoll.tenant", 1],
  ["plimsoll.actor", 2],
  ["statement_timeout", 3],
  ["idle_in_transaction_session_timeout", 4],
  ["transaction_timeout", 4],
]);

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

/** Takes the key's lock, or says who has it; then, in a snapshot taken after the lock, reads its record. */
export function claimStatement({ id, inputHash }: Claim): Statement {
  return { text: "select * from plimsoll.claim($1, $2)", values: [id.toString("hex"), inputHash], columnsAsIs: true };
}

export function readClaim({ rows }: StatementResult): ClaimResult {
  const [row] = rows;
  assert(row !== undefined, "plimsoll.claim gave no row: run the migrations of this version of plimsoll");
  const { state, outcome, body } = row as { state: ClaimResult["state"]; outcome: string; body: string };
  return state === "replay" ? { state, reply: { outcome, body } } : { state };
}

/** Keeps the reply under its key; over an expired record it writes anew, over a living one it fails, which undoes the transaction. */
export function recordStatement({ id, inputHash, ttlMs }: Claim, { outcome, body }: StoredReply): Statement {
  return {
    text: "select plimsoll.record($1, $2, $3, $4, $5)",
    values: [id.toString("hex"), inputHash, ttlMs, outcome, body],
    columnsAsIs: true,
  };
}

export function expireStatement(batch: number): Statement {
  return { text: "select plimsoll.expire_idempotency($1) as deleted", values: [batch], columnsAsIs: true };
}
