import type { Clock } from "../clock.ts";
import { Fault } from "../fault.ts";
import { limits } from "../limits.ts";
import { Signal } from "../signals.ts";
import { type LimitMode, type LoadLine, limitModes, type RefusalCount } from "./load-line.ts";

/** Under it a resource has its limits (an iterable of {@link LoadLine}), so that the app that makes it lists them; see {@link linesOf}. */
export const loadLines: unique symbol = Symbol("load lines");

/** Reads the limits of any value, none where it has none under {@link loadLines}. */
export function linesOf(value: unknown): readonly LoadLine[] {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return [];
  const lines = (value as { readonly [loadLines]?: Iterable<LoadLine> })[loadLines];
  return lines === undefined ? [] : [...lines];
}

/** What a change of mode was, as the log has it. */
export interface ModeSwitch {
  readonly limit: string;
  readonly mode: LimitMode;
  readonly previous: LimitMode;
  readonly reason: string;
  /** Wall time, since the Unix epoch. *Units*: milliseconds. */
  readonly at: number;
}

/** One limit as it is listed; what does not apply is undefined. */
export interface LoadLineReading {
  readonly name: string;
  readonly unit: string;
  readonly mode: LimitMode;
  /** Since when it has this mode: wall time, since the Unix epoch. *Units*: milliseconds. */
  readonly since: number;
  /** Why it has this mode: the reason of the last change, or `declared`. */
  readonly reason: string;
  /** The phase that it is in, as a breaker is `open` and a fallback `degraded`. */
  readonly phase: string | undefined;
  readonly declared: number | undefined;
  /** What each process has of it, where several have it together. */
  readonly shares: readonly number[] | undefined;
  readonly learnt: number | undefined;
  readonly now: number | undefined;
  readonly highWater: number | undefined;
  readonly admitted: number;
  /** How often it refused, by reason; every reason that it has. */
  readonly refused: Readonly<Record<string, number>>;
  /** How often it would have refused while its mode was `measure`. */
  readonly wouldRefuse: Readonly<Record<string, number>>;
  /** The limit whose mode it has. */
  readonly follows: string | undefined;
  /** Why its mode can never change. */
  readonly fixed: string | undefined;
}

/**
 * Every limit of one app, by name: what lists them and changes their modes reads it, and no decision does.
 * *Bounds*: `limits.loadLines`.
 */
export class LoadLines {
  /** Every change of a mode, also one to the mode that it was. */
  readonly switched = new Signal<ModeSwitch>("load line switched");
  readonly #lines = new Map<string, LoadLine>();
  readonly #registeredAt = new WeakMap<LoadLine, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Lists a limit from now on, until the returned function is called; one that is listed already stays. One whose name is taken gets a number behind it, as in `connections 2`.
   * *Faults thrown*: `failed_precondition` of type `too_many_load_lines`.
   */
  register(line: LoadLine): () => void {
    if (this.#lines.size >= limits.loadLines) throw tooMany();
    const { name } = line;
    const forget = () => void (this.#lines.get(line.name) === line && this.#lines.delete(line.name));
    if (this.#lines.get(name) === line) return forget;
    for (let count = 2; this.#lines.has(line.name); count++) line.rename(`${name} ${count}`);
    this.#lines.set(line.name, line);
    this.#registeredAt.set(line, this.#clock.now());
    return forget;
  }

  find(name: string): LoadLine | undefined {
    return this.#lines.get(name);
  }

  /** Reads all limits, in the order of their names. */
  list(): readonly LoadLineReading[] {
    return [...this.#lines.values()].map((line) => this.read(line)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  read(line: LoadLine): LoadLineReading {
    const now = line.now();
    return {
      name: line.name,
      unit: line.unit,
      mode: line.mode,
      since: line.change?.at ?? this.#registeredAt.get(line) ?? 0,
      reason: line.change?.reason ?? "declared",
      phase: line.phase(),
      declared: line.declared,
      shares: line.share && [line.share.current],
      learnt: line.learnt(),
      now,
      highWater: now === undefined && line.highWater === 0 ? undefined : line.highWater,
      admitted: line.admitted,
      refused: byReason(line, ({ refused }) => refused),
      wouldRefuse: byReason(line, ({ measured }) => measured),
      follows: line.leader === line ? undefined : line.leader.name,
      fixed: line.fixed,
    };
  }

  /**
   * Changes the mode of a limit, and of those that follow it or that it follows, at once.
   * *Faults thrown*: `load_line_unknown`, `mode_unknown`, `reason_missing`, `mode_fixed`.
   */
  setMode(name: string, mode: string, reason: string): ModeSwitch {
    const line = this.#lines.get(name);
    if (line === undefined) throw unknownLine(name);
    if (!isMode(mode)) throw unknownMode(mode);
    const why = reason.trim();
    if (why === "" || why.length > limits.loadLineReasonChars) throw reasonMissing();
    const { leader } = line;
    const fixed = line.fixed ?? leader.fixed;
    if (fixed !== undefined && mode !== leader.mode) throw modeFixed(name, fixed);
    const previous = leader.mode;
    const at = this.#clock.now();
    leader.switchTo(mode, { at, reason: why });
    const change = { limit: leader.name, mode, previous, reason: why, at };
    this.switched.publish(change);
    return change;
  }
}

function byReason(line: LoadLine, count: (refusal: RefusalCount) => number): Readonly<Record<string, number>> {
  return Object.fromEntries(line.refusals.map((refusal) => [refusal.reason, count(refusal)]));
}

function isMode(mode: string): mode is LimitMode {
  return (limitModes as readonly string[]).includes(mode);
}

const tooMany = (): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "too_many_load_lines",
    message: `The process has ${limits.loadLines} limits already, and cannot list another. Use one limit for many keys instead of one for each key.`,
  });

const unknownLine = (name: string): Fault =>
  new Fault({
    code: "not_found",
    type: "load_line_unknown",
    message: `No limit of this process is named "${name.slice(0, 200)}". GET /loadlines lists the names.`,
  });

const unknownMode = (mode: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "mode_unknown",
    message: `"${mode.slice(0, 40)}" is not a mode. Write "enforce", "measure" or "off".`,
  });

const reasonMissing = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "reason_missing",
    message: `The change of mode has no reason, or one that is too long for the log. Write 1 to ${limits.loadLineReasonChars} characters.`,
  });

const modeFixed = (name: string, fixed: string): Fault =>
  new Fault({ code: "failed_precondition", type: "mode_fixed", message: `The mode of "${name}" cannot change. ${fixed}` });
