/** What a client needs of time and randomness, in browsers too: tests own all of it. *Units*: milliseconds. */
export interface ClientClock {
  /** Time that never goes back. */
  monotonic(): number;
  /** Runs `callback` once; returns what forgets it. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** A number in [0, 1). */
  random(): number;
  /** A new idempotency key. *Bounds*: 128 random bits. */
  key(): string;
}

/** The clock of the machine. The clock of the platform is of Node.js, and this one runs in browsers too. */
export const browserClock: ClientClock = {
  // tidy-allow: this is the clock, for where Node.js is not.
  monotonic: () => performance.now(),
  schedule(delayMs, callback) {
    // tidy-allow: as above. A longer time than a timer takes would be none at all.
    const timer = setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
  // tidy-allow: as above.
  random: () => Math.random(),
  // `randomUUID` is not there on pages without TLS.
  key: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""),
};
