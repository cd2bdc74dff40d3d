import { systemClock } from "../../core/clock.ts";
import { AddressHealth } from "../balance/address-health.ts";
import type { Balanced } from "../balance/balancer.ts";
import { remoteLimits } from "../limits.ts";
import { Connection, type ConnectOptions } from "./connection.ts";

const firstPauseMs = 100;
const longestPauseMs = 1_000;

/** One address of a module: its connections, and how well it is. */
export class Address implements Balanced {
  readonly address: string;
  readonly health = new AddressHealth();
  /** The zone that its process said last; empty where it has none. */
  zone: string | undefined;
  readonly #options: ConnectOptions;
  readonly #connections = new Set<Connection>();
  #opening: Promise<void> | undefined;
  #failed = 0;
  #triesAt = Number.NEGATIVE_INFINITY;
  #isGone = false;

  constructor(options: ConnectOptions) {
    this.address = options.origin;
    this.#options = options;
  }

  get isConnected(): boolean {
    for (const connection of this.#connections) if (connection.isUsable) return true;
    return false;
  }

  /** The connection for one more call: that with the fewest. Opens another beside them where all are full, since what fills them may be streams. */
  async take(): Promise<Connection | undefined> {
    let found = this.#leastUsed();
    while (found?.hasRoom === false && this.#connections.size < remoteLimits.connections) {
      const { size } = this.#connections;
      await this.open();
      found = this.#leastUsed();
      if (this.#connections.size <= size) break;
    }
    return found;
  }

  #leastUsed(): Connection | undefined {
    let found: Connection | undefined;
    for (const one of this.#connections) if (one.isUsable && (found === undefined || one.calls < found.calls)) found = one;
    return found;
  }

  /** Opens a connection, unless one failed a moment ago; resolves when there is one, or none. */
  open(): Promise<void> {
    if (this.#opening !== undefined) return this.#opening;
    if (this.#isGone || systemClock.monotonic() < this.#triesAt) return Promise.resolve();
    this.#opening = this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    try {
      const connection = await Connection.open(this.#options);
      if (this.#isGone) return connection.destroy();
      this.#failed = 0;
      // Another process may be there now.
      if (this.#connections.size === 0) this.zone = undefined;
      this.#connections.add(connection);
      connection.onLost(() => this.#connections.delete(connection));
    } catch {
      const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failed++);
      this.#triesAt = systemClock.monotonic() + pause;
    }
  }

  /** Begins nothing more, and closes when its calls have ended. */
  retire(): void {
    this.#isGone = true;
    for (const connection of [...this.#connections]) connection.close();
  }

  destroy(): void {
    this.#isGone = true;
    for (const connection of this.#connections) connection.destroy();
    this.#connections.clear();
  }
}
