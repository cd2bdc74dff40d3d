import type { Fault } from "../../core/fault.ts";
import { Bound } from "../../core/load-line/bound.ts";
import type { LoadLine } from "../../core/load-line/load-line.ts";
import type { Refusal } from "../../operation/execution.ts";
import { tooManyStreams } from "./faults.ts";
import type { StreamCaller } from "./streamed.ts";

/** How many streams one process may have, and how many of them one caller. */
export interface StreamPlacesOptions {
  readonly streams: number;
  readonly streamsPerCaller: number;
}

/** Makes the fault of a refusal for want of capacity. */
type FaultOf = (refusal: Refusal) => Fault;

interface CallerLoad {
  streams: number;
  /** Those of them that are above the limit, while it is only measured. */
  over: number;
}

/** A place that a stream has until its handler has ended. */
export interface StreamPlace {
  /** Not 0 where it is above the limit, which is only measured; see {@link Bound.judge}. */
  readonly era: number;
  readonly callerEra: number;
  readonly caller: string | undefined;
}

/** Counts the streams of a process, and of each of its callers. */
export class StreamPlaces {
  readonly #all: Bound;
  readonly #perCaller: Bound;
  readonly #callers = new Map<string, CallerLoad>();
  readonly #streams = new Set<StreamCaller>();
  #over = 0;
  /** The process stops: what opens from now on ends at once. */
  closing = false;

  constructor({ streams, streamsPerCaller }: StreamPlacesOptions) {
    this.#all = new Bound({
      ...{ name: "streams", unit: "streams", declared: streams, now: () => this.#streams.size },
      recount: () => {
        this.#over = 0;
      },
    });
    this.#perCaller = new Bound({
      ...{ name: "streams per caller", unit: "streams of one caller", declared: streamsPerCaller },
      recount: () => {
        for (const load of this.#callers.values()) load.over = 0;
      },
    });
  }

  get lines(): readonly LoadLine[] {
    return [this.#all.line, this.#perCaller.line];
  }

  /** Gives a stream its place. *Faults thrown*: `resource_exhausted` of type `too_many_streams`, `unavailable` of type `overloaded`. */
  take(execution: StreamCaller, faultOf: FaultOf): StreamPlace {
    const { caller } = execution;
    const load = (caller === undefined ? undefined : this.#callers.get(caller)) ?? { streams: 0, over: 0 };
    const callerEra = caller === undefined ? 0 : this.#perCaller.judge(load.streams - load.over);
    if (callerEra === undefined) {
      const refusal = refuse(execution, this.#perCaller, load.streams);
      throw tooManyStreams(refusal.limit, refusal.value, refusal.load);
    }
    const era = this.#all.judge(this.#streams.size - this.#over);
    if (era === undefined) throw faultOf(refuse(execution, this.#all, this.#streams.size));
    this.#streams.add(execution);
    this.#all.line.admits(this.#streams.size);
    if (era > 0) this.#over++;
    if (caller !== undefined) {
      this.#callers.set(caller, load);
      this.#perCaller.line.admits(++load.streams);
      if (callerEra > 0) load.over++;
    }
    return { era, callerEra, caller };
  }

  leave(execution: StreamCaller, { era, callerEra, caller }: StreamPlace): void {
    this.#streams.delete(execution);
    if (this.#all.isApart(era)) this.#over--;
    const load = caller === undefined ? undefined : this.#callers.get(caller);
    if (caller === undefined || load === undefined) return;
    if (this.#perCaller.isApart(callerEra)) load.over--;
    if (--load.streams === 0) this.#callers.delete(caller);
  }

  /** Ends every open stream: its client is to come back to another process. What is not open yet may still fail, or ends when it opens. */
  close(): void {
    this.closing = true;
    for (const { streaming } of this.#streams) streaming?.interrupt("stopping");
  }
}

function refuse(execution: StreamCaller, { line, limit: value }: Bound, load: number): Refusal {
  execution.refusal = { limit: line.name, value, load, mode: "enforce" };
  return execution.refusal;
}
