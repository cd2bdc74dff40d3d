import assert from "node:assert";
import type { Clock } from "../core/clock.ts";
import type { RateLimiter, RateReading, RateSpec, RateStore } from "./rate-limit.ts";

/** What a limiter in memory counts, and the clock that gives the secrets of its overflow. */
export type MemoryRateSpec = Omit<RateSpec, "name"> & { readonly clock: Clock };

/** Keys looked at to find the one with the least to lose. */
const candidates = 8;
/** Slots in each of the two rows of the overflow; a power of two. */
const overflowSlots = 65_536;

/**
 * A token bucket for each of many keys, in one process and with a fixed amount of memory.
 * Each key is one number: the time at which its bucket is full again.
 *
 * A key that is idle is forgotten for free. When all `maxKeys` are busy, of a few the one with the least to lose makes room, and its number is kept in an
 * overflow of two hashed rows: a key that comes back, or one that is new, starts from the smaller of its two slots. So a flood of new keys cannot
 * make a busy key forget what it used; at worst, while the flood lasts, a new key shares the debt of busy keys with the same two hashes.
 * *Guarantees*: never allows more than exact counting would; is exact up to `maxKeys` busy keys.
 * *Units*: times are monotonic milliseconds. *Source*: GCRA, ITU-T I.371; the overflow is a count-min sketch of maxima.
 */
export class MemoryRateLimiter implements RateLimiter {
  readonly #intervalMs: number;
  readonly #burst: number;
  readonly #burstMs: number;
  readonly #slackMs: number;
  readonly #maxKeys: number;
  readonly #clock: Clock;
  readonly #slots = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #fullAt: Float64Array;
  #hand = 0;
  #overflow: Overflow | undefined;

  constructor({ ratePerSecond, burst, maxKeys, clock }: MemoryRateSpec) {
    assert(
      ratePerSecond > 0 && Number.isFinite(ratePerSecond),
      `A rate is a number above 0, not ${ratePerSecond}. Leave the limiter out to have no limit.`,
    );
    assert(Number.isSafeInteger(burst) && burst >= 1, `A burst is a whole number from 1, not ${burst}. Write 1 to allow no burst.`);
    assert(Number.isSafeInteger(maxKeys) && maxKeys >= 1, `maxKeys is a whole number from 1, not ${maxKeys}. 100,000 is a good one.`);
    this.#intervalMs = 1_000 / ratePerSecond;
    this.#burst = burst;
    this.#burstMs = burst * this.#intervalMs;
    // Sums of fractions of a millisecond are off in their last digits; without slack the last of a burst would be refused.
    this.#slackMs = this.#intervalMs / 1_000;
    this.#maxKeys = maxKeys;
    this.#clock = clock;
    this.#fullAt = new Float64Array(maxKeys);
  }

  /** Keys that are held now. *Bounds*: `maxKeys`. */
  get size(): number {
    return this.#slots.size;
  }

  /** Takes one for the key. Returns 0 when it is allowed, else the milliseconds until it would be; what is refused is not counted. */
  take(key: string, nowMs: number): number {
    const held = this.#slots.get(key);
    const slot = held ?? this.#hold(key, nowMs);
    const fullAt = this.#fullAt[slot]!;
    const next = Math.max(fullAt, nowMs) + this.#intervalMs;
    const waitMs = next - nowMs - this.#burstMs;
    if (waitMs > this.#slackMs) return waitMs;
    this.#fullAt[slot] = next;
    return 0;
  }

  /** Returns one that was taken and does not count after all. A key that was forgotten meanwhile gets nothing back. */
  refund(key: string): void {
    const slot = this.#slots.get(key);
    if (slot !== undefined) this.#fullAt[slot]! -= this.#intervalMs;
  }

  /** Reads what the key has left without taking any. */
  read(key: string, nowMs: number): RateReading {
    const slot = this.#slots.get(key);
    const fullAt = slot === undefined ? (this.#overflow?.read(key) ?? 0) : this.#fullAt[slot]!;
    const resetMs = Math.max(0, fullAt - nowMs);
    const remaining = Math.floor((this.#burstMs - resetMs + this.#slackMs) / this.#intervalMs);
    return { limit: this.#burst, remaining: Math.max(0, remaining), resetMs };
  }

  #hold(key: string, nowMs: number): number {
    const slot = this.#keys.length < this.#maxKeys ? this.#keys.length : this.#makeRoom(nowMs);
    this.#keys[slot] = key;
    this.#slots.set(key, slot);
    this.#fullAt[slot] = this.#overflow?.read(key) ?? 0;
    return slot;
  }

  #makeRoom(nowMs: number): number {
    let least = this.#hand;
    for (let i = 0; i < candidates; i++) {
      const slot = this.#hand;
      this.#hand = slot + 1 === this.#maxKeys ? 0 : slot + 1;
      if (this.#fullAt[slot]! < this.#fullAt[least]!) least = slot;
      if (this.#fullAt[least]! <= nowMs) break;
    }
    const key = this.#keys[least]!;
    if (this.#fullAt[least]! > nowMs) {
      this.#overflow ??= new Overflow(this.#clock);
      this.#overflow.raise(key, this.#fullAt[least]!);
    }
    this.#slots.delete(key);
    return least;
  }
}

/**
 * Counts rates in this process, each process for itself.
 * *Guarantees*: decides at once; memory is fixed, whatever keys come.
 * @example createApp({ modules, rateLimit: { perSecond: 100, store: memoryRates() } });
 */
export function memoryRates(): RateStore {
  return {
    name: "memory",
    open: ({ clock }) => ({
      limiter: ({ ratePerSecond, burst, maxKeys }) => new MemoryRateLimiter({ ratePerSecond, burst, maxKeys, clock }),
    }),
  };
}

/** For every key that was raised, reads at least what it was raised to. Times in the past need no cleaning: they limit no key. */
class Overflow {
  readonly #rows = [new Float64Array(overflowSlots), new Float64Array(overflowSlots)] as const;
  readonly #seeds: readonly [number, number];

  constructor(clock: Clock) {
    // Secret seeds, so that no caller can choose keys that share the slots of another.
    const bytes = clock.randomBytes(8);
    this.#seeds = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
  }

  raise(key: string, fullAt: number): void {
    for (let i = 0; i < 2; i++) {
      const row = this.#rows[i]!;
      const slot = hash(key, this.#seeds[i]!) & (overflowSlots - 1);
      if (row[slot]! < fullAt) row[slot] = fullAt;
    }
  }

  read(key: string): number {
    const [first, second] = this.#rows;
    const mask = overflowSlots - 1;
    return Math.min(first[hash(key, this.#seeds[0]) & mask]!, second[hash(key, this.#seeds[1]) & mask]!);
  }
}

/** *Source*: MurmurHash3 by Austin Appleby, public domain, on UTF-16 units. */
function hash(key: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < key.length; i++) {
    h ^= Math.imul(rotate(Math.imul(key.charCodeAt(i), 0xcc9e2d51), 15), 0x1b873593);
    h = Math.imul(rotate(h, 13), 5) + 0xe6546b64;
  }
  h ^= key.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
