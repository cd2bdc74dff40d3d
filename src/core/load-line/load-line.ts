import assert from "node:assert";

/** What a limit does where it is reached: it refuses; it refuses nothing and counts what it would have refused; it is not looked at. */
export type LimitMode = "enforce" | "measure" | "off";

/** All modes, as messages list them. */
export const limitModes: readonly LimitMode[] = ["enforce", "measure", "off"];

/** What a limit says of itself when it is made. */
export interface LoadLineSpec {
  /** As refusals name it, for example `orders.place concurrency`; unique in its process. */
  readonly name: string;
  /** What is counted, in the plural, as in `executions`, `bytes` or `requests per second`. */
  readonly unit: string;
  /** The limit as it was declared. *Default*: none, where it is only learnt. */
  readonly declared?: number | undefined;
  /** The mode at the start. *Default*: `enforce`. */
  readonly mode?: LimitMode | undefined;
  /** How much is in use. Asked only when it is listed. *Default*: none, where a single number cannot say it, as for the rates of many callers. */
  readonly now?: () => number;
  /** The phase that it is in, in one word, as a breaker is `open`. Asked only when it is listed. *Default*: it has none. */
  readonly phase?: () => string | undefined;
  /** The limit that was learnt. Asked only when it is listed. *Default*: none. */
  readonly learnt?: () => number | undefined;
  /** Called after the mode has changed, before anything else runs: to let in what waits, for example. */
  readonly switched?: (mode: LimitMode, previous: LimitMode) => void;
  /** The line whose mode this one always has, as a queue has that of the slots behind it. */
  readonly follows?: LoadLine;
  /** Why its mode can never change, as a sentence. *Default*: it can. */
  readonly fixed?: string;
}

/** How often a limit refused for one reason, and how often it would have. */
export class RefusalCount {
  readonly reason: string;
  refused = 0;
  /** While the mode was `measure`. */
  measured = 0;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Since when a limit has its mode, and why. */
export interface ModeChange {
  /** Wall time, since the Unix epoch. *Units*: milliseconds. */
  readonly at: number;
  readonly reason: string;
}

/**
 * One named limit of a process. The owner of the limit counts here as it decides; all else only reads.
 * *Guarantees*: counting is an addition to a plain field. With the mode `off` an owner does no more than with `enforce`.
 * @example
 * const line = new LoadLine({ name: "report threads", unit: "calls", declared: 4, now: () => running });
 * const full = line.reason("full");
 * if (running >= 4 && line.refuses(full)) throw refused(line);
 * line.admits(++running);
 */
export class LoadLine {
  readonly unit: string;
  readonly declared: number | undefined;
  readonly fixed: string | undefined;
  /** Read it at every decision; the registry alone sets it, through {@link switchTo}. */
  mode: LimitMode;
  /** How often the limit let something in, in every mode but `off`. */
  admitted = 0;
  /** The most that was in use at once. *Units*: those of the line. */
  highWater = 0;
  /** What this process has of it, where several have it together; undefined where it has all of it. */
  share: { readonly current: number } | undefined = undefined;
  /** Undefined until the mode has changed for the first time. */
  change: ModeChange | undefined = undefined;
  /** The line whose mode it has. */
  readonly leader: LoadLine;
  readonly #spec: LoadLineSpec;
  readonly #followers: LoadLine[] = [];
  readonly #refusals: RefusalCount[] = [];
  #name: string;

  constructor(spec: LoadLineSpec) {
    this.#spec = spec;
    this.#name = spec.name;
    this.unit = spec.unit;
    this.declared = spec.declared;
    this.fixed = spec.fixed;
    this.leader = spec.follows?.leader ?? this;
    this.mode = this.leader === this ? (spec.mode ?? "enforce") : this.leader.mode;
    if (this.leader !== this) this.leader.#followers.push(this);
  }

  get name(): string {
    return this.#name;
  }

  /** Tells it from another of the same name; the registry does so before the line is used. */
  rename(name: string): void {
    this.#name = name;
  }

  /** Puts its first name behind the name of what has it, as a policy's limit is that of an upstream. Before it is listed. */
  nameUnder(owner: string): void {
    this.#name = `${owner} ${this.#spec.name}`;
  }

  /** How often it refused, by reason, in the order in which the reasons were declared. */
  get refusals(): readonly RefusalCount[] {
    return this.#refusals;
  }

  /** How much is in use; undefined where a single number cannot say it. */
  now(): number | undefined {
    const now = this.#spec.now?.();
    if (now !== undefined && now > this.highWater) this.highWater = now;
    return now;
  }

  phase(): string | undefined {
    return this.#spec.phase?.();
  }

  learnt(): number | undefined {
    return this.#spec.learnt?.();
  }

  /** Declares a reason for which it refuses, in snake_case; declare all when the line is made. */
  reason(reason: string): RefusalCount {
    let count = this.#refusals.find((known) => known.reason === reason);
    if (count === undefined) {
      count = new RefusalCount(reason);
      this.#refusals.push(count);
    }
    return count;
  }

  /** Counts what it let in, and how much is in use with it. */
  admits(inUse: number): void {
    this.admitted++;
    if (inUse > this.highWater) this.highWater = inUse;
  }

  /** Counts what is above the limit. Returns whether to refuse it: with the mode `enforce`. */
  refuses(count: RefusalCount): boolean {
    if (this.mode === "enforce") {
      count.refused++;
      return true;
    }
    if (this.mode === "measure") count.measured++;
    return false;
  }

  /** Changes the mode of this line and of all that follow it. Only for the registry, which checks and reports the change. */
  switchTo(mode: LimitMode, change: ModeChange): void {
    assert(this.leader === this, `${this.name} has the mode of ${this.leader.name}: change that one.`);
    const previous = this.mode;
    const all = [this, ...this.#followers];
    for (const line of all) {
      line.mode = mode;
      line.change = change;
    }
    if (mode !== previous) for (const line of all) line.#spec.switched?.(mode, previous);
  }
}
