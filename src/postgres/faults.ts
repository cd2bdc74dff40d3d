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
  message: "The database does not respond at the moment. Nothing was changed; try again shortly.",
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
  message: "Another request changed the same data at the same time. This one changed nothing; try again.",
  retryAfterMs: 100,
};

const unstorable: Meaning = {
  code: "invalid_argument",
  type: "text_unstorable",
  message: "A text has a character that cannot be stored, such as U+0000. Leave it out.",
};

// By SQLSTATE, the exact one first, then its class (the first two characters).
const meanings: Readonly<Record<string, Meaning>> = {
  "23505": {
    code: "already_exists",
    type: "unique_violation",
    message: "An entry with the same unique value already exists. Change the value, or use the existing entry.",
  },
  "23503": {
    code: "failed_precondition",
    type: "foreign_key_violation",
    message:
      "The entry refers to another that does not exist, or another still refers to it. Nothing was changed; check the ids, or remove what refers to it first.",
  },
  "23514": {
    code: "failed_precondition",
    type: "check_violation",
    message: "A value violates a rule of the data. Nothing was changed; check the values.",
  },
  "23P01": {
    code: "already_exists",
    type: "exclusion_violation",
    message: "The entry overlaps with an existing one. Nothing was changed; choose another value, or change the existing entry.",
  },
  "22021": unstorable,
  "22P05": unstorable,
  "40001": conflict,
  "40P01": conflict,
  "55P03": conflict,
  "57014": {
    code: "deadline_exceeded",
    type: "statement_cancelled",
    message: "The statement was cancelled because its deadline had passed. Nothing was changed; try again later.",
    retryAfterMs: 1_000,
  },
  "25P03": {
    code: "deadline_exceeded",
    type: "transaction_idle",
    message: "The transaction was idle for too long, and the database ended it. Nothing was changed; try again.",
    broken: true,
  },
  "25P04": {
    code: "deadline_exceeded",
    type: "transaction_timeout",
    message: "The transaction took longer than its deadline, and the database ended it. Nothing was changed; try again later.",
    broken: true,
  },
  // Raised by functions of our own.
  PL001: {
    code: "aborted",
    type: "lease_lost",
    message: "The lease of this worker ended, and another worker has the task now. Nothing was changed here.",
  },
  PL002: {
    code: "aborted",
    type: "lock_lost",
    message: "The lock was lost: another process holds it, or has held it since. Nothing was changed; acquire it again.",
  },
  PL003: {
    code: "aborted",
    type: "stream_conflict",
    message: "Another request appended to the same stream at the same time. This one changed nothing; try again.",
    retryAfterMs: 100,
  },
  PL004: {
    code: "failed_precondition",
    type: "projection_rebuild",
    message: "The table of the projection cannot be rebuilt.",
  },
  PL005: {
    code: "aborted",
    type: "saga_step_recorded",
    message:
      "An earlier attempt of the step was committed, though its response was lost. Nothing was changed here; the saga continues with what was recorded.",
  },
  PL006: {
    code: "aborted",
    type: "projection_conflict",
    message: "Another request changed the same row of an inline projection at the same time. This one changed nothing; try again.",
    retryAfterMs: 100,
  },
  "25006": {
    ...gone,
    // A query that writes gets this from a healthy server. For commands, `Database.movedOn` replaces the connections.
    broken: false,
    type: "database_read_only",
    message: "The database accepts no writes at the moment, for example because its primary moved. Nothing was changed; try again shortly.",
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
  message: "The schema of the database changed at the same time. Nothing was changed; try again.",
};

/** What `pg` throws, as far as it is read here. */
interface DriverError {
  readonly routine?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly severity?: unknown;
}

function meaningOf(error: unknown): Meaning | undefined {
  const { code, message, routine } = (error ?? {}) as DriverError;
  if (isStalePlan(error)) return stalePlan;
  // Said by PostgreSQL itself, and not of a connection that ends: the statement was wrong, as one with more parameters than its text names.
  if (code === "08P01" && typeof routine === "string" && !endsSession(error)) return undefined;
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

/** Reads what the driver threw as a fault by its SQLSTATE; what callers cannot fix stays what it is, and so becomes `internal`. */
export function databaseFault(error: unknown): unknown {
  if (error instanceof Fault) return error;
  const meaning = meaningOf(error);
  if (meaning === undefined) return error;
  const { code, type, message, retryAfterMs } = meaning;
  return new Fault({ code, type, message, cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** Whether a prepared statement answers other columns than when it was prepared, as after a migration: it must be prepared again. */
export function isStalePlan(error: unknown): boolean {
  const { code, routine } = (error ?? {}) as DriverError;
  return code === "0A000" && routine === "RevalidateCachedQuery";
}

/** Whether the session has no prepared statement of that name, as after `deallocate all`. */
export function isLostStatement(error: unknown): boolean {
  return ((error ?? {}) as DriverError).code === "26000";
}

/** Whether the server takes no writes, or this session of it. */
export function isReadOnly(error: unknown): boolean {
  return ((error ?? {}) as DriverError).code === "25006";
}

/** Whether the connection on which it happened must be replaced. */
export function breaksConnection(error: unknown): boolean {
  return meaningOf(error)?.broken === true || endsSession(error);
}

/** Whether the connection was lost, so that the outcome of what was sent is unknown. After a response, even an error, it is known. */
export function isLost(error: unknown): boolean {
  return meaningOf(error) === gone || endsSession(error);
}

/** SQLSTATEs with which the server ends sessions, or itself. Where it may also give one to a statement alone, a new session does no harm. */
const ending = /^(08(?!P01)|25P0[34]|57P0|58|XX|F0)/;

/** Whether the session ended with the error. A server says so in its own language (`lc_messages`); where that is not English, the SQLSTATE decides. */
export function endsSession(error: unknown): boolean {
  const { severity, code } = (error ?? {}) as DriverError;
  if (severity === "FATAL" || severity === "PANIC") return true;
  return typeof severity === "string" && severity !== "ERROR" && typeof code === "string" && ending.test(code);
}

/** Reports a server that cannot be reached. *Faults*: `database_unavailable`. */
export const databaseDown = (cause: unknown): Fault =>
  new Fault({ code: "unavailable", type: gone.type, message: gone.message, retryAfterMs: 1_000, cause });
