import { type Clock, systemClock, type Timer } from "../../core/clock.ts";
import { type Asked, choose } from "../balance/balancer.ts";
import type { Discovery } from "../discovery/discovery.ts";
import { remoteLimits } from "../limits.ts";
import { Address } from "./address.ts";
import type { ConnectOptions } from "./connection.ts";

const soonestMs = 100;

/** All addresses of a module, as its discovery finds them. */
export class Addresses {
  readonly #discovery: Discovery;
  readonly #connect: Omit<ConnectOptions, "origin">;
  readonly #clock: Pick<Clock, "monotonic" | "random">;
  readonly #all = new Map<string, Address>();
  #finding: Promise<void> | undefined;
  #again: Timer | undefined;
  #isClosed = false;

  constructor(discovery: Discovery, connect: Omit<ConnectOptions, "origin">, clock: Pick<Clock, "monotonic" | "random">) {
    this.#discovery = discovery;
    this.#connect = connect;
    this.#clock = clock;
  }

  get all(): readonly Address[] {
    return [...this.#all.values()];
  }

  /** Finds the addresses, and opens a connection to each. Resolves when one is there, or none can be had now. */
  async start(): Promise<void> {
    await this.#find();
    await this.#connected();
  }

  /** The address for one attempt; waits for a connection where there is none. Undefined where none can be had. */
  async take(asked: Asked<Address>): Promise<Address | undefined> {
    const all = this.all;
    // What is not connected comes back by itself, and no call waits for it while others are there.
    for (const one of all) if (!one.isConnected) void one.open();
    const found = choose(all, asked, this.#clock);
    if (found !== undefined) return found;
    if (all.length === 0) await this.#find();
    await this.#connected();
    return choose(this.all, asked, this.#clock);
  }

  close(): void {
    this.#isClosed = true;
    this.#again?.cancel();
    for (const one of this.#all.values()) one.destroy();
    this.#all.clear();
  }

  async #connected(): Promise<void> {
    const opened = this.all.map(async (one) => {
      await one.open();
      if (!one.isConnected) throw new TypeError("it has no connection");
    });
    await Promise.any(opened).catch(() => undefined);
  }

  #find(): Promise<void> {
    this.#finding ??= this.#ask().finally(() => {
      this.#finding = undefined;
    });
    return this.#finding;
  }

  async #ask(): Promise<void> {
    const { everyMs } = this.#discovery;
    try {
      this.#known((await this.#discovery.find()).slice(0, remoteLimits.addresses));
    } catch {
      // A name that does not resolve for a moment leaves what is known.
    }
    if (everyMs === undefined || this.#isClosed) return;
    this.#again?.cancel();
    this.#again = systemClock.schedule(Math.max(soonestMs, everyMs), () => void this.#find());
  }

  #known(found: readonly string[]): void {
    if (this.#isClosed || found.length === 0) return;
    const origins = new Set(found.map((url) => new URL(url).origin));
    for (const origin of origins)
      if (!this.#all.has(origin)) {
        const one = new Address({ ...this.#connect, origin });
        this.#all.set(origin, one);
        void one.open();
      }
    for (const [origin, one] of this.#all) {
      if (origins.has(origin)) continue;
      this.#all.delete(origin);
      one.retire();
    }
  }
}
