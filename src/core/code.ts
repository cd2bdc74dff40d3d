/** How a log line weighs an outcome. */
export type Level = "debug" | "info" | "warn" | "error";

interface CodeRow {
  /** HTTP status where nothing more precise is known. */
  readonly http: number;
  /** How a durable task goes on after it. */
  readonly retry: "never" | "at-once" | "backoff" | "snooze";
  /** Whether a breaker counts it as a failure of the callee. */
  readonly breaker: boolean;
  readonly undo: "yes" | "after-retries" | "no";
  /** Whether an idempotency record may keep it and answer a repeat with it. */
  readonly stored: boolean;
  readonly level: Level;
  readonly title: string;
}

/**
 * Every outcome that is not success, and all that follows from it: the one table that decides.
 * *Source*: the canonical codes of google.rpc, without `out_of_range`, `data_loss` and `unknown`.
 */
export const codes = {
  invalid_argument: { http: 400, retry: "never", breaker: false, undo: "yes", stored: true, level: "debug", title: "Invalid argument" },
  failed_precondition: {
    http: 400,
    retry: "never",
    breaker: false,
    undo: "yes",
    stored: true,
    level: "debug",
    title: "Failed precondition",
  },
  unauthenticated: { http: 401, retry: "never", breaker: false, undo: "yes", stored: false, level: "info", title: "Unauthenticated" },
  permission_denied: { http: 403, retry: "never", breaker: false, undo: "yes", stored: false, level: "info", title: "Permission denied" },
  not_found: { http: 404, retry: "never", breaker: false, undo: "yes", stored: true, level: "debug", title: "Not found" },
  already_exists: { http: 409, retry: "never", breaker: false, undo: "yes", stored: true, level: "debug", title: "Already exists" },
  aborted: { http: 409, retry: "at-once", breaker: false, undo: "after-retries", stored: false, level: "debug", title: "Conflict" },
  resource_exhausted: {
    http: 429,
    retry: "backoff",
    breaker: false,
    undo: "after-retries",
    stored: false,
    level: "warn",
    title: "Quota exhausted",
  },
  cancelled: { http: 499, retry: "snooze", breaker: false, undo: "no", stored: false, level: "info", title: "Cancelled" },
  deadline_exceeded: {
    http: 504,
    retry: "backoff",
    breaker: true,
    undo: "after-retries",
    stored: false,
    level: "warn",
    title: "Deadline exceeded",
  },
  unavailable: { http: 503, retry: "backoff", breaker: true, undo: "after-retries", stored: false, level: "warn", title: "Unavailable" },
  unimplemented: { http: 501, retry: "never", breaker: false, undo: "yes", stored: false, level: "error", title: "Not implemented" },
  internal: { http: 500, retry: "backoff", breaker: true, undo: "after-retries", stored: false, level: "error", title: "Internal error" },
} as const satisfies Record<string, CodeRow>;

export type Code = keyof typeof codes;

export function isCode(value: unknown): value is Code {
  return typeof value === "string" && Object.hasOwn(codes, value);
}
