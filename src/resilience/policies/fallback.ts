import assert from "node:assert";
import { type Clock, systemClock } from "../../core/clock.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import type { LoadLine } from "../../core/load-line/load-line.ts";
import { loadLines } from "../../core/load-line/load-lines.ts";
import { Signal } from "../../core/signals.ts";
import type { Call } from "./call/call.ts";
import type { Degraded } from "./call/facts.ts";
import { type Judge, judge } from "./call/verdict.ts";
import { Policy, type Work } from "./policy.ts";
import { StaleValues } from "./stale-values.ts";

/** What is returned in place of a failure. One of `staleFor` and `degraded`, or both: the stale value comes first. */
export interface FallbackOptions<T> {
  /** How old the last good value of the same key may be. *Bounds*: above 0 to 30 d. *Default*: none is kept. */
  readonly staleFor?: Duration;
  /** Memory that the stale values take together, as it is estimated. *Units*: bytes. *Bounds*: 1 to 1 GiB. *Default*: 16 MiB. */
  readonly staleBytes?: number;
  /** How many bytes a value takes, where an estimate cannot see it: what an object hides, as the body of a `Response`. *Default*: it is estimated. */
  readonly sizeOf?: (value: unknown) => number;
  /** Makes the declared answer that is less than the real one. A throw of it is thrown. */
  readonly degraded?: (thrown: unknown, call: Call) => T;
  /** Which failures it stands in for: those of the callee, and its overload. *Default*: by the code of the fault, so never for bugs or a refused input. */
  readonly judge?: Judge;
  readonly clock?: Clock;
}

/**
 * Returns the last good value, or a declared lesser answer, where the callee fails: degradation is a mode that one can see, by `isDegraded` and `degraded`.
 * *Guarantees*: no value older than `staleFor`; never in place of a bug, of a refused input, or after the caller cancelled.
 * *Bounds*: stale values of 10,000 keys that take `staleBytes` together, those set longest ago go first; one that alone takes more is not kept. Use one policy for one kind of result. *Source*: RFC 5861, `stale-if-error`.
 * @example const prices = fallback({ staleFor: "10m", degraded: () => undefined }); prices.run(() => readPrice(sku), { key: sku });
 */
export function fallback<T = never>(options: FallbackOptions<T>): Fallback<T> {
  const staleMs = options.staleFor === undefined ? 0 : toMs(options.staleFor);
  assert(staleMs > 0 || options.degraded !== undefined, "fallback: it has nothing to return. Write staleFor, degraded or both.");
  assert(staleMs <= limits.retryDelayMs, "fallback: staleFor is too long. Write at most 30d.");
  const { degraded, staleBytes = limits.policyBytes, sizeOf } = options;
  assert(
    Number.isInteger(staleBytes) && staleBytes >= 1 && staleBytes <= mostStaleBytes,
    `fallback: staleBytes is ${staleBytes}. Write a whole number from 1 to ${mostStaleBytes}.`,
  );
  return new Fallback({ staleMs, staleBytes, sizeOf, degraded, judge: options.judge ?? judge, clock: options.clock ?? systemClock });
}

const mostStaleBytes = 2 ** 30;

interface Settings<T> {
  readonly staleMs: number;
  readonly staleBytes: number;
  readonly sizeOf: FallbackOptions<T>["sizeOf"];
  readonly degraded: FallbackOptions<T>["degraded"];
  readonly judge: Judge;
  readonly clock: Clock;
}

/** The policy that {@link fallback} makes. */
export class Fallback<F> extends Policy<"once", F> {
  readonly degraded = new Signal<Degraded>("fallback.degraded");
  readonly #settings: Settings<F>;
  readonly #kept: StaleValues;
  #isDegraded = false;

  constructor(settings: Settings<F>) {
    super();
    this.#settings = settings;
    const { staleMs, staleBytes: most, sizeOf } = settings;
    this.#kept = new StaleValues({ most: staleMs > 0 ? most : 0, sizeOf, phase: () => (this.#isDegraded ? "degraded" : "normal") });
  }

  override get [loadLines](): readonly LoadLine[] {
    return [this.#kept.line];
  }

  /** Whether the latest call got less than it asked for. */
  get isDegraded(): boolean {
    return this.#isDegraded;
  }

  async around<T>(work: Work<T>, call: Call): Promise<T> {
    try {
      const value = await work(call);
      this.#isDegraded = false;
      if (this.#settings.staleMs > 0) this.#kept.keep(call.key, value, this.#settings.clock.monotonic());
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
    const kept = this.#kept.find(key);
    const ageMs = kept === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() - kept.at;
    if (kept !== undefined && ageMs <= staleMs) {
      this.#enter(call, { key, source: "stale", ageMs, thrown });
      return kept.value;
    }
    this.#kept.forget(key);
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
}
