import { formatMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import type { Refusal } from "../../operation/execution.ts";

/** Makes the fault of an execution that would send more statements than its budget has. `text`: the one too many. */
export const queriesExceeded = (operation: string, { limit, value, load }: Refusal, text: string): Fault =>
  new Fault({
    code: "internal",
    type: "query_budget_exceeded",
    message: `${operation} may send ${value} statements and tried to send one more. Fetch more at once, or raise budget.queries.`,
    details: { limit, value, load },
    cause: text,
  });

/** Makes the fault of an execution that would call more operations than its budget has. */
export const callsExceeded = (operation: string, { limit, value, load }: Refusal): Fault =>
  new Fault({
    code: "internal",
    type: "call_budget_exceeded",
    message: `${operation} may call ${value} operations and tried to call one more. Call fewer, or raise budget.calls.`,
    details: { limit, value, load },
  });

/** Makes the fault of an execution whose deadline has passed. *Units*: milliseconds. */
export const deadlineExceeded = (
  operation: string,
  { deadlineMs, elapsedMs }: Readonly<Record<"deadlineMs" | "elapsedMs", number>>,
): Fault =>
  new Fault({
    code: "deadline_exceeded",
    message: `${operation} did not end within its deadline of ${formatMs(deadlineMs)}. What was not committed was rolled back; try again later.`,
    details: { limit: `${operation} deadline`, value: deadlineMs, load: Math.round(elapsedMs) },
    retryAfterMs: 1_000,
  });
