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
  /** How long a one-time token is good at most. Override: `oneTimeTokens(purpose, { lifetime })`, for a shorter time. */
  oneTimeTokenMs: 2_592_000_000,
  /** One-time tokens of one subject and purpose that may be open at once. */
  oneTimeTokensPerSubject: 100,
  /** Size of the data of a one-time token as JSON. */
  oneTimeTokenDataBytes: 4_096,
  /** How long a user may take to use a passkey, at most. Override: `passkeys(name, { timeout })`, for a shorter time. */
  passkeyMs: 600_000,
  /** Registrations of passkeys that one user may have begun at once; the next one ends the oldest. */
  passkeyRegistrations: 5,
  /** Length of the id of a passkey: 1,023 bytes in base64url. */
  passkeyIdChars: 1_364,
  /** Passwords that are hashed at the same time; each takes a thread of its own and 7 MiB. */
  passwordHashing: 2,
  /** Passwords that may wait to be hashed. */
  passwordQueue: 64,
  /** Length of a password. */
  passwordChars: 1_024,
} as const;
