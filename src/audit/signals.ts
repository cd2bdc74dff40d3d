import { Signal } from "../core/signals.ts";
import type { AuditHead } from "./store.ts";
import type { AuditProblem } from "./verify.ts";

/** What happens to the audit trail in this process. */
export interface AuditSignals {
  /** This process has chained records: the new ends of chains. Kept elsewhere, they show that the end of a chain was cut off. */
  readonly chained: Signal<{ readonly heads: readonly AuditHead[] }>;
  /** A span was sealed, and its records were deleted. */
  readonly sealed: Signal<{ readonly tenant: string; readonly fromN: number; readonly toN: number }>;
  /** Records were found that are not as they were written; what is old was not sealed. */
  readonly broken: Signal<{ readonly problems: readonly AuditProblem[] }>;
  /** Records of refusals were lost, because the database did not take them. */
  readonly lost: Signal<{ readonly records: number }>;
  /** The trail cannot be reached; the process keeps trying. */
  readonly failing: Signal<{ readonly error: unknown }>;
}

/** Creates the signals of one app's audit trail. */
export function auditSignals(): AuditSignals {
  return {
    chained: new Signal("auditChained"),
    sealed: new Signal("auditSealed"),
    broken: new Signal("auditBroken"),
    lost: new Signal("auditLost"),
    failing: new Signal("auditFailing"),
  };
}
