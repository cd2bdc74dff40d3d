import { Fault } from "../../core/fault.ts";

/** Reports statements that were running when the handler returned. *Faults*: `floating_statements`. */
export const floating = (count: number): Fault =>
  new Fault({
    code: "internal",
    type: "floating_statements",
    message: `The handler returned while ${count} of its statements were still running. Await every statement.`,
  });

/** Refuses work that starts beside a running `attempt`. *Faults*: `attempt_overlapped`. */
export const beside = (): Fault =>
  new Fault({
    code: "internal",
    type: "attempt_overlapped",
    message: "A statement, a call or an attempt was begun beside an attempt that still ran. Await the attempt first.",
  });

/** Reports a commit that the server turned into a rollback. *Faults*: `commit_rolled_back`. */
export const rolledBack = (command: string): Fault =>
  new Fault({
    code: "internal",
    type: "commit_rolled_back",
    message: `The server responded to the commit with ${command}, because a statement had failed and the handler caught its error. Nothing was changed. Let database errors leave the handler, or run the part that may fail in attempt().`,
  });

/** Reports a commit that did not happen, as its key shows. *Faults*: `commit_lost`. */
export const commitLost = (cause: unknown): Fault =>
  new Fault({
    code: "aborted",
    type: "commit_lost",
    message: "The connection was lost before the commit. Nothing was changed; try again.",
    retryAfterMs: 100,
    cause,
  });

/** Reports a commit whose outcome is unknown. *Faults*: `commit_outcome_unknown`. */
export const outcomeUnknown = (cause: unknown, hasKey: boolean): Fault =>
  new Fault({
    code: "unavailable",
    type: "commit_outcome_unknown",
    message: hasKey
      ? "The connection was lost during the commit, so it is not known whether it happened. Send the request again with the same Idempotency-Key."
      : "The connection was lost during the commit, so it is not known whether it happened. Look before you send the request again.",
    retryAfterMs: 1_000,
    cause,
  });
