import type { Clock } from "../../core/clock.ts";
import type { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine, type RefusalCount } from "../../core/load-line/load-line.ts";
import type { LoadLines } from "../../core/load-line/load-lines.ts";
import type { TurnClock } from "../../core/turn/turn-clock.ts";
import { type Criticality, type Refusal, rankOf } from "../../operation/execution.ts";
import { ReadyFaults } from "./ready-faults.ts";
import { TurnGate } from "./turn-gate.ts";

/** What {@link Shedder} needs. */
export interface ShedderOptions {
  readonly turns: TurnClock;
  readonly clock: Clock;
  /** Where its limit registers. */
  readonly loadLines: LoadLines;
}

/** What it refuses has this noted. */
interface Refusable {
  refusal: Refusal | undefined;
}

/** Refuses requests of one process by the age of the event loop's turn, with faults that are made already. */
export class Shedder {
  readonly gate: TurnGate;
  readonly line: LoadLine;
  readonly #clock: Clock;
  readonly #faults = new ReadyFaults();
  readonly #counts: readonly RefusalCount[];

  constructor({ turns, clock, loadLines }: ShedderOptions) {
    this.#clock = clock;
    const gate = new TurnGate({
      turns,
      agesMs: [limits.turnAgeSheddableMs, limits.turnAgeMs, limits.turnAgeCriticalMs],
      standingMs: limits.turnStandingMs,
    });
    this.gate = gate;
    this.line = new LoadLine({ name: "turn age", unit: "milliseconds", declared: limits.turnAgeMs, now: () => gate.age });
    this.#counts = (["sheddable", "default", "critical"] as const).map((reason) => this.line.reason(reason));
    loadLines.register(this.line);
  }

  /** The fault of a refusal for want of capacity: ours, not the caller's. */
  faultOf(refusal: Refusal): Fault {
    return this.#faults.of(refusal, this.#clock.random());
  }

  /** Lets a request go on, or throws. *Faults thrown*: `unavailable` of type `overloaded`. *Units*: milliseconds. */
  shed(request: Refusable, criticality: Criticality, deadlineMs: number): void {
    const { gate, line } = this;
    const rank = rankOf(criticality);
    if (gate.admits(rank, deadlineMs) || line.mode === "off") return line.admits(gate.age);
    const refuses = line.refuses(this.#counts[rank] as RefusalCount);
    const refusal: Refusal = {
      ...{ limit: line.name, value: Math.floor(gate.bound), load: Math.ceil(gate.age) },
      mode: refuses ? "enforce" : "measure",
    };
    request.refusal = refusal;
    if (refuses) throw this.faultOf(refusal);
    return line.admits(gate.age);
  }
}
