import type { Code } from "../core/code.ts";
import { Fault } from "../core/fault.ts";

interface Meaning {
  readonly code: Code;
  readonly type: string;
  readonly message: string;
  readonly retryAfterMs?: number;
  /** The connection cannot be used any more. */
  readonly broken?: boolean;
}

const gone: Meaning = {
  code: "unavailable",
  type: "database_unavailable",
  message: "The database does not answer at the moment. Nothing was changed; try again shortly.",
  retryAfterMs: 1_000,
  broken: true,
};
const full: Meaning = {
  code: "unavailable",
  type: "database_full",
  message: "The database has no room at the moment (disk, memory or connections). Nothing was changed; try again later.",
  retryAfterMs: 5_000,
};
const conflict: Meaning = {
  code: "aborted",
  type: "conflict",
  message: "Somebody else changed the same data at the same time. Nothing was changed; try again.",
  retryAfterMs: 100,
};

const unstorable: Meaning = {
  code: "invalid_argument",
  type: "text_unstorable",
  message: "A text holds the character U+0000, which cannot be stored. Leave it out.",
};

// By SQLSTATE, the exact one first, then its class (the first two characters).
const meanings: Readonly<Record<string, Meaning>> = {
  "23505": {
    code: "already_exists",
    type: "unique_violation",
    message: "There is one like it already. Change what must be unique, or use the one that exists.",
  },
  "23503": {
    code: "failed_precondition",
    type: "foreign_key_violation",
    message: "It refers to something that does not exist, or is referred to by something that does.",
  },
  "23514": { code: "failed_precondition", type: "check_violation", message: "A value breaks a rule of the data. Nothing was changed." },
  "23P01": { code: "already_exists", type: "exclusion_violation", message: "It overlaps with one that exists already." },
  "22021": unstorable,
  "22P05": unstorable,
  "40001": conflict,
  "40P01": conflict,
  "55P03": conflict,
  "57014": {
    code: "deadline_exceeded",
    type: "statement_cancelled",
    message: "The database was stopped because the time was up. Nothing was changed.",
    retryAfterMs: 1_000,
  },
  "25P03": {
    code: "deadline_exceeded",
    type: "transaction_idle",
    message: "The transaction stood idle for too long and was ended by the database. Nothing was changed.",
    broken: true,
  },
  "25P04": {
    code: "deadline_exceeded",
    type: "transaction_timeout",
    message: "The transaction took longer than its deadline and was ended by the database. Nothing was changed.",
    broken: true,
  },
  // Raised by functions of our own.
  PL001: {
    code: "aborted",
    type: "lease_lost",
    message: "The lease of this worker ended, and others have its tasks now. Nothing was changed.",
  },
  PL002: {
    code: "aborted",
    type: "lock_lost",
    message: "The lock was lost: another holds it, or has held it since. Nothing was changed.",
  },
  "25006": {
    ...gone,
    type: "database_read_only",
    message: "The database accepts no writes at the moment, as when its primary moved. Nothing was changed; try again shortly.",
  },
  "08": gone,
  "53": full,
  "57": gone,
  "58": {
    ...full,
    type: "database_failing",
    message: "The database has a system error at the moment. Nothing was changed; try again later.",
  },
};

const socketErrors = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ENOENT",
]);

// A prepared statement whose table was changed since; the routine says what no SQLSTATE does, in every language.
const stalePlan: Meaning = {
  ...conflict,
  type: "plan_changed",
  message: "The data's structure changed at the same time. Nothing was changed; try again.",
};

/** What `pg` throws, as far as it is read here. */
interface DriverError {
  readonly routine?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly severity?: unknown;
}

function meaningOf(error: unknown): Meaning | undefined {
  const { code, message } = (error ?? {}) as DriverError;
  if (isStalePlan(error)) return stalePlan;
  if (typeof code === "string") {
    const meaning = meanings[code] ?? (code.length === 5 ? meanings[code.slice(0, 2)] : undefined);
    if (meaning !== undefined) return meaning;
    if (socketErrors.has(code)) return gone;
  }
  // pg has no code for these.
  return typeof message === "string" &&
    /^(Connection terminated|Client (has encountered|was closed)|timeout expired|This socket)/.test(message)
    ? gone
    : undefined;
}

/** Reads what the driver threw as a fault by its SQLSTATE; what callers cannot mend stays what it is, and so becomes `internal`. */
export function databaseFault(error: unknown): unknown {
  if (error instanceof Fault) return error;
  const meaning = meaningOf(error);
  if (meaning === undefined) return error;
  const { code, type, message, retryAfterMs } = meaning;
  return new Fault({ code, type, message, cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** Whether a prepared statement answers other columns than when it was prepared, as after a migration: it must be prepared anew. */
export function isStalePlan(error: unknown): boolean {
  const { code, routine } = (error ?? {}) as DriverError;
  return code === "0A000" && routine === "RevalidateCachedQuery";
}

/** Whether the connection on which it happened must be replaced. */
export function breaksConnection(error: unknown): boolean {
  return meaningOf(error)?.broken === true || isFatal(error);
}

/** Whether the connection was lost, so that nobody knows what became of what was sent. After an answer, also a bad one, somebody does. */
export function isLost(error: unknown): boolean {
  return meaningOf(error) === gone || isFatal(error);
}

function isFatal(error: unknown): boolean {
  const { severity } = (error ?? {}) as DriverError;
  return severity === "FATAL" || severity === "PANIC";
}

export const databaseDown = (cause: unknown): Fault =>
  new Fault({ code: "unavailable", type: gone.type, message: gone.message, retryAfterMs: 1_000, cause });
