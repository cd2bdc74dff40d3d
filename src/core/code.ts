/** How a log line weighs an outcome. */
export type Level = "debug" | "info" | "warn" | "error";

interface CodeRow {
  /** How a durable task continues after it. */
  readonly retry: "never" | "at-once" | "backoff" | "snooze";
  /** Whether a breaker counts it as a failure of the callee. */
  readonly breaker: boolean;
  readonly undo: "yes" | "after-retries" | "no";
  /** Whether an idempotency record may keep it and answer a repeat with it. */
  readonly stored: boolean;
  /**
   * What an execution that ends so is to the objective of its operation. `met`: a reply to what was asked, if it came in time; `missed`: a failure of the service;
   * `apart`: refused for a reason of the caller, and not counted.
   */
  readonly objective: "met" | "missed" | "apart";
  readonly level: Level;
  readonly title: string;
}

/**
 * Every outcome that is not success, and all that follows from it: the one table that decides.
 * *Source*: the canonical codes of google.rpc, without `out_of_range`, `data_loss` and `unknown`.
 */
export const codes = {
  invalid_argument: {
    retry: "never",
    breaker: false,
    undo: "yes",
    stored: true,
    objective: "apart",
    level: "debug",
    title: "Invalid argument",
  },
  failed_precondition: {
    retry: "never",
    breaker: false,
    undo: "yes",
    stored: true,
    objective: "met",
    level: "debug",
    title: "Failed precondition",
  },
  unauthenticated: {
    retry: "never",
    breaker: false,
    undo: "yes",
    stored: false,
    objective: "apart",
    level: "info",
    title: "Unauthenticated",
  },
  permission_denied: {
    retry: "never",
    breaker: false,
    undo: "yes",
    stored: false,
    objective: "apart",
    level: "info",
    title: "Permission denied",
  },
  not_found: { retry: "never", breaker: false, undo: "yes", stored: true, objective: "met", level: "debug", title: "Not found" },
  already_exists: { retry: "never", breaker: false, undo: "yes", stored: true, objective: "met", level: "debug", title: "Already exists" },
  aborted: {
    retry: "at-once",
    breaker: false,
    undo: "after-retries",
    stored: false,
    objective: "apart",
    level: "debug",
    title: "Conflict",
  },
  resource_exhausted: {
    retry: "backoff",
    breaker: false,
    undo: "after-retries",
    stored: false,
    objective: "apart",
    level: "warn",
    title: "Quota exhausted",
  },
  cancelled: { retry: "snooze", breaker: false, undo: "no", stored: false, objective: "apart", level: "info", title: "Cancelled" },
  deadline_exceeded: {
    retry: "backoff",
    breaker: true,
    undo: "after-retries",
    stored: false,
    objective: "missed",
    level: "warn",
    title: "Deadline exceeded",
  },
  unavailable: {
    retry: "backoff",
    breaker: true,
    undo: "after-retries",
    stored: false,
    objective: "missed",
    level: "warn",
    title: "Unavailable",
  },
  unimplemented: {
    retry: "never",
    breaker: false,
    undo: "yes",
    stored: false,
    objective: "missed",
    level: "error",
    title: "Not implemented",
  },
  internal: {
    retry: "backoff",
    breaker: true,
    undo: "after-retries",
    stored: false,
    objective: "missed",
    level: "error",
    title: "Internal error",
  },
} as const satisfies Record<string, CodeRow>;

/** One of the thirteen canonical codes of google.rpc that a fault can have. */
export type Code = keyof typeof codes;

/** Returns whether a value is the name of a code. */
export function isCode(value: unknown): value is Code {
  return typeof value === "string" && Object.hasOwn(codes, value);
}
