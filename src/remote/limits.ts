/** The bounds of calls to remote modules. */
export const remoteLimits = {
  /** Calls of one remote module at once. Override: `remote(…, { concurrency })`. */
  calls: 1_024,
  /** Open streams of one remote module at once. Override: `remote(…, { streams })`. */
  streams: 1_024,
  /** Extra attempts of one call. Override: `remote(…, { retries })`. */
  retries: 2,
  /** How long a connection may take to open, TLS and settings included. Override: `remote(…, { connectTimeout })`. *Units*: milliseconds. */
  connectMs: 1_000,
  /** Size of one reply. Override: `remote(…, { replyBytes })`. *Units*: bytes. */
  replyBytes: 4_194_304,
  /** Addresses of one module; more that a discovery finds are left out. */
  addresses: 256,
  /** Connections to one address. */
  connections: 16,
  /** How long an address may reply to nothing while calls wait for it, before others are called. *Units*: milliseconds. */
  stalledMs: 1_000,
  /** How long an address that was ejected is left alone, before one call tries it. *Units*: milliseconds. */
  ejectedMs: 1_000,
  /** The load of an address from which on its zone is no reason to call it: 1 is all places taken, or an event loop without time. */
  spillLoad: 0.9,
  /** Failures in a row after which an address is ejected. */
  failures: 5,
  /** How often a connection with calls is asked whether it is there; without a reply by the next time but one it is closed. *Units*: milliseconds. */
  pingMs: 750,
  /** How long a token is valid, whatever the deadline of its call. *Units*: milliseconds. */
  tokenMs: 60_000,
  /** Size of a token. */
  tokenChars: 8_192,
  /** How far the clocks of two services may be apart. *Units*: milliseconds. */
  clockToleranceMs: 5_000,
} as const;
