import assert from "node:assert";
import type { Claim, ClaimResult, Statement, StatementResult, StoredReply, TransactionOptions } from "../operation/transaction.ts";

// The SQL that frames every transaction. All of it is prepared once per connection.

/** What opens a transaction, by its mode and isolation. */
export const beginTexts = {
  read: {
    "read committed": "begin isolation level read committed read only",
    "repeatable read": "begin isolation level repeatable read read only",
    serializable: "begin isolation level serializable read only",
  },
  write: {
    "read committed": "begin isolation level read committed",
    "repeatable read": "begin isolation level repeatable read",
    serializable: "begin isolation level serializable",
  },
} as const;

/** Ends a transaction and keeps what it changed. */
export const commitText = "commit";
/** Ends a transaction and keeps nothing of it. */
export const rollbackText = "rollback";
/** Keeps the claim of a key apart from what the handler does. */
export const savepointText = "savepoint plimsoll";

/** The commands that most transactions have: they are prepared, as others are. */
export const repeated: ReadonlySet<string> = new Set([
  ...Object.values(beginTexts.read),
  ...Object.values(beginTexts.write),
  ...[savepointText, commitText],
]);

const settingsStart = "select where (set_config(";

/** Whether a statement sets what holds for one transaction, or for the rest of a session. */
export function isSettings(text: string): boolean {
  return text.startsWith(settingsStart);
}

/** Whether a statement frames a transaction or a part of it, and is none of a handler. */
export function isFraming(text: string): boolean {
  return isSettings(text) || text === savepointText || text.startsWith("savepoint ") || text.startsWith(rollbackText) || begins.has(text);
}

const begins: ReadonlySet<string> = new Set([...Object.values(beginTexts.read), ...Object.values(beginTexts.write)]);

// A select without columns, of which the condition does the work: there is nothing to describe, to send or to read.
const set = (names: readonly [name: string, parameter: number][]): string =>
  `${settingsStart}${names.map(([name, parameter]) => `'${name}', $${parameter}, true)`).join(" || set_config(")}) is null`;
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

/** How long an owner that hangs may sit on an open transaction, and so on its key, after its deadline. */
const graceMs = 1_000;

/** Tenant, actor and the time that is left, for this transaction only. */
export function settingsStatement(
  { tenant, owner, withoutActor }: TransactionOptions,
  remainingMs: number,
  hasTransactionTimeout: boolean,
): Statement {
  return {
    text: hasTransactionTimeout ? settingsWithTimeout : settings,
    values: [tenant ?? "", withoutActor ? "" : (owner.actorId ?? ""), String(remainingMs), String(remainingMs + graceMs)],
    columnsAsIs: true,
  };
}

/**
 * Takes the key's lock, and then, in a snapshot taken after the lock, reads its record. It fails where another has the lock: what was sent behind it
 * is not run.
 */
export function claimStatement({ id, inputHash }: Claim): Statement {
  return { text: "select * from plimsoll.claim_key($1, $2)", values: [id.toString("hex"), inputHash], columnsAsIs: true };
}

/** Reads the result of a key's claim. */
export function readClaim({ rows }: StatementResult): ClaimResult {
  const [row] = rows;
  assert(row !== undefined, "plimsoll.claim_key returned no row. Run the migrations of this version of Plimsoll.");
  const { state, ...reply } = row as unknown as { readonly state: ClaimResult["state"] } & StoredReply;
  return state === "replay" ? { state, reply } : { state };
}

/** What a claim that failed says: that another execution has the key. Throws what else it failed of. */
export function takenClaim(error: unknown): ClaimResult {
  if ((error as { readonly code?: unknown }).code !== "55P03") throw error;
  return { state: "running" };
}

/** Keeps the reply under its key; over an expired record it writes, over a valid one it fails, which undoes the transaction. */
export function recordStatement({ id, inputHash, ttlMs }: Claim, { outcome, body, head }: StoredReply): Statement {
  return {
    text: "select plimsoll.record($1, $2, $3, $4, $5, $6)",
    values: [id.toString("hex"), inputHash, ttlMs, outcome, body, head],
    columnsAsIs: true,
  };
}

/** Deletes at most *batch* expired idempotency records. */
export function expireStatement(batch: number): Statement {
  return { text: "select plimsoll.expire_idempotency($1) as deleted", values: [batch], columnsAsIs: true };
}
