/** The limits of the architecture checker. */
export const checkLimits = {
  /** How many files one check reads. */
  files: 20_000,
  /** The largest file that is read; a larger one is generated. *Units*: characters. */
  fileBytes: 1_000_000,
} as const;
