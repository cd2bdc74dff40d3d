/** The bounds of the audit trail; `limits` has them with all others. */
export const auditLimits = {
  /** Length of what a record is about. */
  auditSubjectChars: 255,
  /** Size of the input, and of the state before and after, that one record keeps as JSON, each. */
  auditBytes: 32_768,
  /** Records that one transaction may write. */
  auditRecords: 1_000,
  /** Records of refusals that wait in a process to be written. */
  auditWaiting: 10_000,
  /** How long a record may take until it is chained. `verify` reports one that is older and is not. */
  auditUnchainedMs: 60_000,
  /** How often a process looks for records to chain. It also looks when it has written some. */
  auditPollMs: 2_000,
  /** Records that are chained, read or sealed at a time. */
  auditTurn: 1_000,
  /** Problems that one verification lists. */
  auditProblems: 1_000,
  /** How long records are kept, at least; what is older is sealed and deleted. Override: `createApp({ audit: { retention } })`. */
  auditRetentionMs: 34_560_000_000,
  /** How often old records are looked for. */
  auditSealEveryMs: 600_000,
} as const;
