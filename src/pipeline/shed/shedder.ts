import type { Clock } from "../../core/clock.ts";
import type { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine, type RefusalCount } from "../../core/load-line/load-line.ts";
import type { LoadLines } from "../../core/load-line/load-lines.ts";
import type { TurnClock } from "../../core/turn/turn-clock.ts";
import { type Criticality, type Refusal, rankOf } from "../../operation/execution.ts";
import { FairShare } from "./fair-share.ts";
import { ReadyFaults } from "./ready-faults.ts";
import { RefusedSample } from "./refused-sample.ts";
import { TurnGate } from "./turn-gate.ts";

/** What {@link Shedder} needs. */
export interface ShedderOptions {
  readonly turns: TurnClock;
  readonly clock: Clock;
  /** Where its limits register. */
  readonly loadLines: LoadLines;
}

/** A request as the shedder sees it; what is refused has its refusal noted. */
interface Sheddable {
  /** When it came, a moment ago. */
  readonly acceptedAt?: number;
  readonly criticality: Criticality;
  readonly deadlineMs: number;
  refusal: Refusal | undefined;
}

/** Why a request is refused, and what its limit and the load were. */
interface Seen {
  readonly count: RefusalCount;
  readonly value: number;
  readonly load: number;
  /** Until its tenant is known. */
  readonly goesOn?: boolean;
}

const criticalities = ["sheddable", "default", "critical"] as const;
const agesMs: readonly [number, number, number] = [limits.turnAgeSheddableMs, limits.turnAgeMs, limits.turnAgeCriticalMs];
/** So early in the time of its rank a request finds no queue. */
const early = 1 / 3;

/** Refuses requests of one process by the age of the event loop's turn and by what their tenants have had of it, with faults that are made already. */
export class Shedder {
  readonly gate: TurnGate;
  readonly line: LoadLine;
  readonly shareLine: LoadLine;
  readonly #clock: Clock;
  readonly #faults = new ReadyFaults();
  readonly #sample = new RefusedSample();
  readonly #shares = agesMs.map((ageMs) => new FairShare(ageMs * early));
  readonly #tooLate: readonly RefusalCount[];
  readonly #tooMuch: readonly RefusalCount[];

  constructor({ turns, clock, loadLines }: ShedderOptions) {
    this.#clock = clock;
    const worked = (ms: number, now: number) => {
      for (const share of this.#shares) share.worked(ms, now);
    };
    const gate = new TurnGate({ turns, agesMs, standingMs: limits.turnStandingMs, worked });
    this.gate = gate;
    this.line = new LoadLine({ name: "turn age", unit: "milliseconds", declared: limits.turnAgeMs, now: () => gate.age });
    this.shareLine = new LoadLine({ name: "share of the event loop per tenant", unit: "milliseconds in a second" });
    this.#tooLate = criticalities.map((reason) => this.line.reason(reason));
    this.#tooMuch = criticalities.map((reason) => this.shareLine.reason(reason));
    loadLines.register(this.line);
    loadLines.register(this.shareLine);
  }

  /** The fault of a refusal for want of capacity: ours, not the caller's. */
  faultOf(refusal: Refusal): Fault {
    return this.#faults.of(refusal, this.#clock.random());
  }

  /**
   * Lets a request go on, or throws; some that are refused go on to {@link shareOut}, where their tenants are known.
   * *Faults thrown*: `unavailable` of type `overloaded`.
   */
  shed(request: Sheddable): void {
    const { gate, line } = this;
    const rank = rankOf(request.criticality);
    if (gate.admits(rank, request.deadlineMs, request.acceptedAt) || line.mode === "off") return line.admits(gate.age);
    const isSampled = gate.isStrict && this.shareLine.mode !== "off" && this.#sample.takes(gate.ordinal, this.#clock.random());
    this.#refuse(request, line, { count: this.#tooLate[rank]!, value: gate.bound, load: gate.age, goesOn: isSampled });
    line.admits(gate.age);
  }

  /** The same, by what its tenant has had, once that is known. While no queue stands, every tenant may have all. *Faults thrown*: as {@link shed}. */
  shareOut(request: Sheddable, tenant: string): void {
    const { gate, shareLine } = this;
    const rank = rankOf(request.criticality);
    const share = this.#shares[rank]!;
    const turn = { ordinal: gate.ordinal, age: gate.age, now: gate.lookedAt };
    if (request.refusal?.mode === "enforce") {
      share.sees(tenant, turn);
      throw this.faultOf(request.refusal);
    }
    if (!gate.isStrict) return share.passes(tenant);
    if (shareLine.mode === "off" || share.admits(tenant, turn)) return shareLine.admits(share.usage);
    if (shareLine.mode === "enforce") gate.refused();
    this.#refuse(request, shareLine, { count: this.#tooMuch[rank]!, value: share.level, load: share.usage });
    shareLine.admits(share.usage);
  }

  /** *Faults thrown*: the refusal, where the limit refuses, unless the request goes on. *Units*: milliseconds. */
  #refuse(request: Sheddable, line: LoadLine, seen: Seen): void {
    const refuses = line.refuses(seen.count);
    const refusal: Refusal = {
      ...{ limit: line.name, value: Math.floor(seen.value), load: Math.ceil(seen.load) },
      mode: refuses ? "enforce" : "measure",
    };
    request.refusal = refusal;
    if (refuses && seen.goesOn !== true) throw this.faultOf(refusal);
  }
}
