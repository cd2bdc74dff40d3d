/** The bounds of passwords, sign-ins and sessions; `limits` has them with all others. */
export const signInLimits = {
  /** How long a device or an address from which an account has signed in is known to `signInGuard`. */
  signInDeviceMs: 7_776_000_000,
  /** Addresses from which accounts have signed in that one process remembers. */
  signInAddresses: 10_000,
  /** Sessions of one actor; the next one ends the oldest. */
  sessionsPerActor: 100,
  /** Size of the claims of a session as JSON. */
  sessionClaimsBytes: 4_096,
  /** Passwords that are hashed at the same time; each takes a thread of the pool of four and 7 MiB. */
  passwordHashing: 2,
  /** Passwords that may wait to be hashed. */
  passwordQueue: 64,
  /** Length of a password. */
  passwordChars: 1_024,
} as const;
