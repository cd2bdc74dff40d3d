/** The bounds of schedules; `limits` has them with all others. */
export const scheduleLimits = {
  /** Length of a cron expression. */
  cronChars: 256,
  /** How late a worker may notice an occurrence of a schedule that still counts as on time. */
  scheduleGraceMs: 60_000,
  /** How far back missed occurrences start tasks, with `missed: "all"`. */
  scheduleCatchUpMs: 604_800_000,
  /** Occurrences of one schedule that start tasks in one transaction. Further ones follow in the next one. */
  scheduleBatch: 100,
  /** How often a process reads the last occurrences of its schedules again. */
  scheduleReadMs: 15_000,
  /** How long the last occurrence of a schedule is stored after no app declares the schedule any more. */
  scheduleKeptMs: 34_560_000_000,
} as const;
