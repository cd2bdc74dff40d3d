/** The bounds of idempotency keys; `limits` has them with all others. */
export const idempotencyLimits = {
  /** Length of an Idempotency-Key. */
  idempotencyKeyChars: 255,
  /** How long a response is stored under its key. Override: `budget.idempotencyTtl`. */
  idempotencyTtlMs: 86_400_000,
  /** How long the response to a call of a task, an event's handler or a step is stored, while that is not done. Then `idempotencyTtlMs` counts. */
  derivedKeyMs: 8_640_000_000,
  /** Keys of calls, whose work is done, that may wait in one process for their shorter time; others keep the longer one. */
  derivedKeyQueue: 10_000,
  /** Size of a response that is stored under its key. A command with a larger one fails before its commit. */
  idempotencyReplyBytes: 262_144,
} as const;
