import type { Duration } from "../core/duration.ts";

/** Whether a limit refuses, or only reports what it would have refused. */
export type LimitMode = "enforce" | "measure";

/**
 * What one execution may use. A duration alone is a deadline with the default limits.
 * *Defaults*: `core/limits.ts`. *Bounds*: every number is at least 1 (queue: 0), the deadline at most 10 minutes.
 */
export type Budget =
  | Duration
  | {
      readonly deadline: Duration;
      /** Executions of this operation at once in one process. */
      readonly concurrency?: number;
      /** Executions that may wait for a slot; 0 refuses at once. */
      readonly queue?: number;
      /** Statements of one execution, those of the operations it calls included. */
      readonly queries?: number;
      /** Operations that one execution may call, directly and indirectly. */
      readonly calls?: number;
      /** How long a reply is kept under its idempotency key. *Default*: 24 h. */
      readonly idempotencyTtl?: Duration;
      /** *Default*: `enforce`. */
      readonly mode?: LimitMode;
    };
