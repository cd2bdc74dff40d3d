import assert from "node:assert";
import { type Clock, systemClock } from "../../core/clock.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import { Signal } from "../../core/signals.ts";
import type { Call } from "./call/call.ts";
import type { Degraded } from "./call/facts.ts";
import { type Judge, judge } from "./call/verdict.ts";
import { Policy, type Work } from "./policy.ts";

/** What is returned in place of a failure. One of `staleFor` and `degraded`, or both: the stale value comes first. */
export interface FallbackOptions<T> {
  /** How old the last good value of the same key may be. *Bounds*: above 0 to 30 d. *Default*: none is kept. */
  readonly staleFor?: Duration;
  /** Makes the declared answer that is less than the real one. A throw of it is thrown. */
  readonly degraded?: (thrown: unknown, call: Call) => T;
  /** Which failures it stands in for: those of the callee, and its overload. *Default*: by the code of the fault, so never for bugs or a refused input. */
  readonly judge?: Judge;
  readonly clock?: Clock;
}

interface Kept {
  readonly value: unknown;
  readonly at: number;
}

/**
 * Returns the last good value, or a declared lesser answer, where the callee fails: degradation is a mode that one can see, by `isDegraded` and `degraded`.
 * *Guarantees*: no value older than `staleFor`; never in place of a bug, of a refused input, or after the caller cancelled.
 * *Bounds*: stale values of 10,000 keys, those set longest ago go first. Use one policy for one kind of result. *Source*: RFC 5861, `stale-if-error`.
 * @example const prices = fallback({ staleFor: "10m", degraded: () => undefined }); prices.run(() => readPrice(sku), { key: sku });
 */
export function fallback<T = never>(options: FallbackOptions<T>): Fallback<T> {
  const staleMs = options.staleFor === undefined ? 0 : toMs(options.staleFor);
  assert(staleMs > 0 || options.degraded !== undefined, "fallback: it has nothing to return. Write staleFor, degraded or both.");
  assert(staleMs <= limits.retryDelayMs, "fallback: staleFor is too long. Write at most 30d.");
  return new Fallback({ staleMs, degraded: options.degraded, judge: options.judge ?? judge, clock: options.clock ?? systemClock });
}

interface Settings<T> {
  readonly staleMs: number;
  readonly degraded: FallbackOptions<T>["degraded"];
  readonly judge: Judge;
  readonly clock: Clock;
}

/** The policy that {@link fallback} makes. */
export class Fallback<F> extends Policy<"once", F> {
  readonly degraded = new Signal<Degraded>("fallback.degraded");
  readonly #settings: Settings<F>;
  readonly #kept = new Map<string, Kept>();
  #isDegraded = false;

  constructor(settings: Settings<F>) {
    super();
    this.#settings = settings;
  }

  /** Whether the latest call got less than it asked for. */
  get isDegraded(): boolean {
    return this.#isDegraded;
  }

  async around<T>(work: Work<T>, call: Call): Promise<T> {
    try {
      const value = await work(call);
      this.#isDegraded = false;
      if (this.#settings.staleMs > 0) this.#keep(call.key, value);
      return value;
    } catch (thrown) {
      const { isFailure, isOverload } = this.#settings.judge(thrown);
      if (call.scope.aborted || !(isFailure || isOverload)) throw thrown;
      // `run` says in its type that this may be an F in place of a T.
      return this.#standIn(thrown, call) as T;
    }
  }

  #standIn(thrown: unknown, call: Call): unknown {
    const { staleMs, degraded, clock } = this.#settings;
    const { key } = call;
    const kept = this.#kept.get(key);
    const ageMs = kept === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() - kept.at;
    if (kept !== undefined && ageMs <= staleMs) {
      this.#enter(call, { key, source: "stale", ageMs, thrown });
      return kept.value;
    }
    this.#kept.delete(key);
    if (degraded === undefined) throw thrown;
    const value = degraded(thrown, call);
    this.#enter(call, { key, source: "declared", ageMs: 0, thrown });
    return value;
  }

  #enter({ watch }: Call, fact: Degraded): void {
    this.#isDegraded = true;
    watch?.degraded?.(fact);
    if (this.degraded.hasListeners) this.degraded.publish(fact);
  }

  #keep(key: string, value: unknown): void {
    // A key that is set again moves to the end, so that the first one is the one that was set longest ago.
    this.#kept.delete(key);
    this.#kept.set(key, { value, at: this.#settings.clock.monotonic() });
    if (this.#kept.size > limits.policyKeys) this.#kept.delete(this.#kept.keys().next().value!);
  }
}
