import { Histogram } from "./histogram.ts";
import type { Answer, Counts, LoadResult, Window } from "./outcome.ts";

type Outcome = keyof Counts;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Of a schedule that was not kept more than this the run is void. */
const voidRatio = 0.01;
const maxReasons = 100;

/** What a {@link Tally} measures by. *Units*: milliseconds. */
export interface TallyOptions {
  readonly deadlineMs: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  /** Length of the schedule. */
  readonly lengthMs: number;
}

/** Counts the outcomes of a run. */
export class Tally {
  readonly #options: TallyOptions;
  readonly #counts: Mutable<Counts> = noCounts();
  readonly #windows: Mutable<Window>[] = [];
  readonly #accepted = new Histogram();
  readonly #refusals = new Histogram();
  readonly #reasons = new Map<string, number>();
  #scheduled = 0;
  #lagged = 0;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  /** A call that could not be sent. */
  miss(scheduledMs: number): void {
    if (this.#count(scheduledMs, "missed")) this.#scheduled++;
  }

  /** A call that was sent late. */
  lag(scheduledMs: number): void {
    if (scheduledMs >= this.#options.warmUpMs) this.#lagged++;
  }

  /** A call that was answered. *latencyMs*: from the scheduled time. */
  answer(scheduledMs: number, latencyMs: number, answer: Answer): void {
    const outcome = answer.kind === "ok" && latencyMs > this.#options.deadlineMs ? "late" : answer.kind;
    if (!this.#count(scheduledMs, outcome)) return;
    this.#scheduled++;
    if (answer.kind === "ok") this.#accepted.record(latencyMs);
    else if (answer.kind === "refused") this.#refusals.record(latencyMs);
    if (answer.kind === "ok") return;
    const reason = this.#reasons.has(answer.reason) || this.#reasons.size < maxReasons - 1 ? answer.reason : "other";
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  /** All that was counted. */
  result(): LoadResult {
    const seconds = (this.#options.lengthMs - this.#options.warmUpMs) / 1_000;
    return {
      ...this.#counts,
      scheduled: this.#scheduled,
      lagged: this.#lagged,
      isVoid: this.#counts.missed + this.#lagged > this.#scheduled * voidRatio,
      seconds,
      goodput: this.#counts.ok / seconds,
      accepted: this.#accepted,
      refusals: this.#refusals,
      reasons: this.#reasons,
      windows: this.#windows,
    };
  }

  /** Whether it counts for more than its window: what was scheduled in the warm-up does not. */
  #count(scheduledMs: number, outcome: Outcome): boolean {
    const index = Math.floor(scheduledMs / this.#options.windowMs);
    while (this.#windows.length <= index) this.#windows.push({ fromMs: this.#windows.length * this.#options.windowMs, ...noCounts() });
    this.#windows[index]![outcome]++;
    if (scheduledMs < this.#options.warmUpMs) return false;
    this.#counts[outcome]++;
    return true;
  }
}

function noCounts(): Mutable<Counts> {
  return { ok: 0, late: 0, refused: 0, failed: 0, missed: 0 };
}
