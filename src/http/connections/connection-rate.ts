import { LoadLine, type RefusalCount } from "../../core/load-line/load-line.ts";

/** What bounds a {@link ConnectionRate}. */
export interface ConnectionRateOptions {
  readonly perSecond: number;
  /** How many may come at once above the rate. *Bounds*: from 1. */
  readonly burst: number;
}

/**
 * How many new connections a server takes in a second. What is above it is closed before anything is read or kept: a flood of connections costs no more
 * than the system's part of each, and those that are open are served meanwhile.
 * *Source*: GCRA, ITU-T I.371.
 */
export class ConnectionRate {
  readonly line: LoadLine;
  readonly #intervalMs: number;
  readonly #burstMs: number;
  readonly #above: RefusalCount;
  /** When all of the burst is there again. */
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor({ perSecond, burst }: ConnectionRateOptions) {
    this.#intervalMs = 1_000 / perSecond;
    this.#burstMs = burst * this.#intervalMs;
    this.line = new LoadLine({ name: "connection rate", unit: "new connections in a second", declared: perSecond });
    this.#above = this.line.reason("above_rate");
  }

  /** Whether a connection that comes now is taken. *Units*: monotonic milliseconds. */
  takes(now: number): boolean {
    const fullAt = Math.max(this.#fullAt, now) + this.#intervalMs;
    if (fullAt - now > this.#burstMs + this.#intervalMs / 1_000 && this.line.mode !== "off" && this.line.refuses(this.#above)) return false;
    // What is only measured is above the rate, and must not make what follows seem to be.
    if (fullAt - now <= this.#burstMs + this.#intervalMs / 1_000) this.#fullAt = fullAt;
    this.line.admits(1);
    return true;
  }
}

/** Makes the rate of a server: a fleet that reconnects may fill it at once, and the idle ones of a full server make room for others. */
export function connectionRateOf({ connections, connectionsPerSecond: perSecond }: RatedServer): ConnectionRate {
  return new ConnectionRate({ perSecond, burst: connections + perSecond });
}

interface RatedServer {
  readonly connections: number;
  readonly connectionsPerSecond: number;
}
