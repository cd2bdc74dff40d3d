/** The bounds of sagas; `limits` has them with all others. */
export const sagaLimits = {
  /** The longest deadline that a saga may declare. */
  sagaDeadlineMs: 31_536_000_000,
  /** Size of the input of a saga. */
  sagaInputBytes: 262_144,
  /** Size of what one step returns, as JSON. */
  sagaOutputBytes: 262_144,
  /** Length of the name of a step. */
  sagaStepChars: 200,
  /** Steps in the journal of one saga. `continueAsNew` begins an empty journal. */
  sagaSteps: 1_000,
  /** Size of the outputs in the journal of one saga. `continueAsNew` begins an empty journal. */
  sagaJournalBytes: 4_194_304,
  /** Attempts of a step, and of its undo. Override: `retry.attempts`. */
  sagaAttempts: 10,
  /** Steps of one saga that run at once; others wait. Override: `atOnce`. */
  sagaParallelSteps: 16,
  /** How long one attempt of a step may take. Override: `timeout`. */
  sagaStepMs: 60_000,
  /** How long one run of a saga may stay in its process before it is released for the next one. */
  sagaRunMs: 3_600_000,
  /** How long one run that undoes steps may take. */
  sagaUndoMs: 3_600_000,
  /** Sagas that one process runs at once. What sleeps or waits does not count. Override: `createApp({ sagas: { concurrency } })`. */
  sagaConcurrency: 500,
  /** Sagas that one process takes at a time. */
  sagaClaim: 200,
  /** Steps and ends of sagas that share one write. */
  sagaBatch: 500,
  /** Starts of sagas that may wait in one process to be written. */
  sagaStartQueue: 10_000,
  /** How long a worker keeps its sagas without renewing its lease. */
  sagaLeaseMs: 10_000,
  /** How often a process with sagas renews its lease, and looks for those that are due. */
  sagaPollMs: 1_500,
  /** How often a worker may be lost while it has a saga, before the saga waits for a person. */
  sagaRescues: 5,
  /** How long a saga that has ended is kept, with its journal. Override: `createApp({ sagas: { retention } })`. */
  sagaRetentionMs: 604_800_000,
  /** Ended sagas that one process deletes at a time. */
  sagaExpiryTurn: 5_000,
  /** Signals of one saga that may wait for it. */
  sagaSignals: 1_000,
  /** How long the key of a signal is known, at least, once a step has taken the signal. */
  sagaSignalKeyMs: 86_400_000,
  /** Up to where sagas are counted. */
  sagaCount: 10_000,
} as const;
