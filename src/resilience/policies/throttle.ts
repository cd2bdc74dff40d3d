import assert from "node:assert";
import { type Clock, systemClock } from "../../core/clock.ts";
import { type Duration, formatMs, toMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine } from "../../core/load-line/load-line.ts";
import { loadLines } from "../../core/load-line/load-lines.ts";
import { Signal } from "../../core/signals.ts";
import { RollingWindow } from "./breaker/window.ts";
import type { Call } from "./call/call.ts";
import { type Judge, judge } from "./call/verdict.ts";
import { Policy, type Work } from "./policy.ts";

/** When calls are refused here, because the callee would refuse them. */
export interface ThrottleOptions {
  /** Calls that are made for each one that the callee accepts. *Bounds*: 1.1 to 10. *Default*: 2, as in Google's SRE book. */
  readonly factor?: number;
  /** How far back it looks. *Bounds*: 100 ms to 10 min. *Default*: 10 s, as in go-zero; the SRE book looks back two minutes, and returns as slowly. */
  readonly window?: Duration;
  /** The largest share that is refused, so that what is left finds out that the callee is back. *Bounds*: 0 to 0.99. *Default*: 0.9, as in failsafe-go. */
  readonly mostRefused?: number;
  /** Calls in the window below which none is refused. *Bounds*: 1 to 100,000. *Default*: 20. */
  readonly minimumCalls?: number;
  /** Which failures say that the callee has too much to do. *Default*: by the code of the fault: `resource_exhausted`, `unavailable`, `deadline_exceeded`. */
  readonly judge?: Judge;
  readonly clock?: Clock;
}

/** A call that was not made. */
export interface Throttled {
  /** With which probability. */
  readonly probability: number;
}

/**
 * Refuses calls here in the proportion in which the callee refuses them, so that it need not spend its time on refusing.
 * *Guarantees*: refuses none while the callee accepts at least one call of `factor`; never more than `mostRefused` on the average; a call that its caller
 * cancelled counts neither way. What is refused here counts as a call, as in the source.
 * *Faults thrown*: `unavailable` of type `call_throttled`. *Source*: "Handling overload" in Google's SRE book: p = max(0, (requests − K × accepts) / (requests + 1)).
 * @example throttle().run(({ signal }) => fetch(url, { signal }))
 */
export function throttle(options: ThrottleOptions = {}): Throttle {
  const { factor = 2, mostRefused = 0.9, minimumCalls = 20 } = options;
  const windowMs = toMs(options.window ?? "10s");
  assert(factor >= 1.1 && factor <= 10, `throttle: factor is ${factor}. Write a number from 1.1 to 10.`);
  assert(mostRefused >= 0 && mostRefused <= 0.99, `throttle: mostRefused is ${mostRefused}. Write a number from 0 to 0.99.`);
  assert(
    Number.isInteger(minimumCalls) && minimumCalls >= 1 && minimumCalls <= 100_000,
    `throttle: minimumCalls is ${minimumCalls}. Write a whole number from 1 to 100,000.`,
  );
  assert(
    windowMs >= 100 && windowMs <= limits.deadlineMs,
    `throttle: window is ${formatMs(windowMs)}. Write a time from 100ms to ${formatMs(limits.deadlineMs)}.`,
  );
  return new Throttle(
    { factor, windowMs, mostRefused, minimumCalls },
    { judge: options.judge ?? judge, clock: options.clock ?? systemClock },
  );
}

interface Bounds {
  readonly factor: number;
  readonly windowMs: number;
  readonly mostRefused: number;
  readonly minimumCalls: number;
}

/** The policy that {@link throttle} makes. */
export class Throttle extends Policy<"once", never> {
  readonly throttled = new Signal<Throttled>("throttle.throttled");
  readonly #bounds: Bounds;
  readonly #judge: Judge;
  readonly #clock: Clock;
  readonly #line = new LoadLine({ name: "throttle", unit: "calls" });
  readonly #refused = this.#line.reason("throttled");
  /** All calls, and those that the callee accepted. They count when they end: what hangs has not been refused yet. */
  readonly #window: RollingWindow;

  constructor(bounds: Bounds, { judge, clock }: { readonly judge: Judge; readonly clock: Clock }) {
    super();
    this.#bounds = bounds;
    this.#judge = judge;
    this.#clock = clock;
    this.#window = new RollingWindow(bounds.windowMs);
  }

  /** With which probability the next call is refused. */
  get probability(): number {
    const { factor, mostRefused, minimumCalls } = this.#bounds;
    const window = this.#window;
    window.advance(this.#clock.monotonic());
    if (window.total < minimumCalls) return 0;
    return Math.min(mostRefused, Math.max(0, (window.total - factor * window.first) / (window.total + 1)));
  }

  override get [loadLines](): readonly LoadLine[] {
    return [this.#line];
  }

  async around<T>(work: Work<T>, call: Call): Promise<T> {
    if (this.#line.mode === "off") return await work(call);
    const { probability } = this;
    if (probability > 0 && this.#clock.random() < probability && this.#line.refuses(this.#refused)) {
      this.#window.add(1, 0, 0);
      throw this.#refusal(probability);
    }
    this.#line.admits(0);
    try {
      const value = await work(call);
      this.#count(true);
      return value;
    } catch (thrown) {
      this.#countFailure(call, thrown);
      throw thrown;
    }
  }

  #countFailure({ scope }: Call, thrown: unknown): void {
    const reason = scope.aborted ? scope.reason : thrown;
    const isLate = reason instanceof Fault && reason.code === "deadline_exceeded";
    if (!scope.aborted || isLate) this.#count(!this.#judge(reason).isOverload);
  }

  #count(isAccepted: boolean): void {
    this.#window.advance(this.#clock.monotonic());
    this.#window.add(1, isAccepted ? 1 : 0, 0);
  }

  #refusal(probability: number): Fault {
    if (this.throttled.hasListeners) this.throttled.publish({ probability });
    return new Fault({
      code: "unavailable",
      type: "call_throttled",
      message: `The callee refuses most calls, so that ${Math.round(probability * 100)}% are not made. Call less often.`,
      details: { probability },
    });
  }
}
