// A system of executions that share an event loop, a pool, slots, upstreams and the processors of PostgreSQL, event by event, without real time.

import type { OperationDemand, SystemShape } from "../../src/capacity/model/system.ts";
import { seededRandom } from "../../src/core/clock.ts";
import { Agenda } from "./agenda.ts";

/** How service times are spread. */
export type Spread = "fixed" | "exponential" | "erlang" | "heavy";

/** What is simulated. The demands are the truth, of which a calibration sees what a low rate shows. */
export interface Simulated {
  readonly shape: SystemShape;
  readonly operations: readonly OperationDemand[];
  readonly spread: Spread;
  /** Statements of an execution: its time with a connection is divided among them. */
  readonly statements: number;
}

/** What a simulation has measured. */
export interface Measured {
  readonly rate: number;
  readonly meanMs: number;
  /** The worst of the operations, as a share of its deadline. */
  readonly p99Share: number;
  readonly refused: number;
  readonly inFlight: number;
  /** What each operation was measured to need. */
  readonly demands: readonly OperationDemand[];
}

interface Resource {
  free: number;
  readonly waiting: (() => void)[];
  head: number;
}

type Part = "loop" | "heldLoop" | "database" | "held" | `upstream:${string}`;
type Step = { readonly take: Resource } | { readonly give: Resource } | { readonly ms: number; readonly as: Part };

interface Process {
  readonly loop: Resource;
  readonly pool: Resource;
  readonly upstreams: ReadonlyMap<string, Resource>;
  readonly slots: readonly Resource[];
}

interface Watched {
  readonly latencies: number[];
  readonly sums: Map<Part, number>;
}

/** So much of the start is not measured. */
const warmUp = 0.1;
const resource = (free: number): Resource => ({ free, waiting: [], head: 0 });

/** Sends so many requests at a rate, at random times, and measures. The same seed gives the same run. */
export function simulate(system: Simulated, run: { readonly rate: number; readonly requests: number; readonly seed: number }): Measured {
  return new Simulation(system, run).run();
}

class Simulation {
  readonly #system: Simulated;
  readonly #rate: number;
  readonly #requests: number;
  readonly #random: () => number;
  readonly #agenda = new Agenda();
  readonly #postgres: Resource;
  readonly #processes: readonly Process[];
  readonly #watched: readonly Watched[];
  #now = 0;
  #arrived = 0;
  #total = 0;
  #refused = 0;
  #inFlight = 0;

  constructor(system: Simulated, { rate, requests, seed }: { readonly rate: number; readonly requests: number; readonly seed: number }) {
    const { shape, operations } = system;
    this.#system = system;
    this.#rate = rate;
    this.#requests = requests;
    this.#random = seededRandom(seed);
    this.#postgres = resource(shape.databaseCores);
    this.#processes = Array.from({ length: shape.replicas }, () => ({
      ...{ loop: resource(1), pool: resource(shape.pool), slots: operations.map(({ slots }) => resource(slots)) },
      upstreams: new Map(Object.entries(shape.upstreams).map(([name, count]) => [name, resource(count)])),
    }));
    this.#watched = operations.map(() => ({ latencies: [], sums: new Map() }));
  }

  run(): Measured {
    let area = 0;
    this.#schedule(0);
    for (let event = this.#agenda.next(); event !== undefined; event = this.#agenda.next()) {
      area += this.#inFlight * (event.time - this.#now);
      this.#now = event.time;
      event.call();
    }
    const { operations } = this.#system;
    const all = this.#watched.flatMap(({ latencies }) => latencies);
    return {
      rate: this.#rate,
      meanMs: meanOf(all),
      p99Share: Math.max(...this.#watched.map(({ latencies }, index) => p99(latencies) / operations[index]!.deadlineMs)),
      refused: this.#refused / this.#total,
      inFlight: area / this.#now,
      demands: operations.map((operation, index) => demandOf(operation, this.#watched[index]!)),
    };
  }

  #schedule(at: number): void {
    this.#agenda.add(at, () => {
      this.#arrive(this.#arrived++ >= this.#requests * warmUp);
      if (this.#arrived < this.#requests) this.#schedule(this.#now - (Math.log(1 - this.#random()) * 1_000) / this.#rate);
    });
  }

  #arrive(isMeasured: boolean): void {
    const { operations } = this.#system;
    const which = pick(operations, this.#random());
    const operation = operations[which]!;
    const process = this.#processes[Math.floor(this.#random() * this.#processes.length)]!;
    const slots = process.slots[which]!;
    if (isMeasured) this.#total++;
    if (slots.free === 0 && slots.waiting.length - slots.head >= operation.queue) {
      if (isMeasured) this.#refused++;
      return;
    }
    this.#inFlight++;
    const watched = isMeasured ? this.#watched[which]! : undefined;
    this.#go(this.#steps(operation, { process, slots }), { at: 0, start: this.#now, watched });
  }

  #go(steps: readonly Step[], state: { readonly at: number; readonly start: number; readonly watched: Watched | undefined }): void {
    const { at, start, watched } = state;
    const step = steps[at];
    const next = (): void => this.#go(steps, { ...state, at: at + 1 });
    if (step === undefined) {
      this.#inFlight--;
      watched?.latencies.push(this.#now - start);
    } else if ("take" in step) enter(step.take, next);
    else if ("give" in step) {
      leave(step.give);
      next();
    } else {
      const ms = step.ms * factor(this.#system.spread, this.#random);
      watched?.sums.set(step.as, (watched.sums.get(step.as) ?? 0) + ms);
      this.#agenda.add(this.#now + ms, next);
    }
  }

  #steps(operation: OperationDemand, { process, slots }: { readonly process: Process; readonly slots: Resource }): readonly Step[] {
    const serve = (by: Resource, ms: number, as: Part): readonly Step[] => (ms === 0 ? [] : [{ take: by }, { ms, as }, { give: by }]);
    const wait = (ms: number, as: Part): readonly Step[] => (ms === 0 ? [] : [{ ms, as }]);
    const { loopMs, heldLoopMs, databaseMs, heldMs } = operation;
    const { statements } = this.#system;
    const { loop, pool, upstreams } = process;
    const statement = [
      ...serve(loop, heldLoopMs / statements, "heldLoop"),
      ...wait(heldMs / statements, "held"),
      ...serve(this.#postgres, databaseMs / statements, "database"),
    ];
    const work = Array.from({ length: statements }, () => statement).flat();
    const transaction: readonly Step[] = work.length === 0 ? [] : [{ take: pool }, ...work, { give: pool }];
    const calls = Object.entries(operation.upstreams).flatMap(([name, ms]) => {
      const by = upstreams.get(name);
      return by === undefined ? wait(ms, `upstream:${name}`) : serve(by, ms, `upstream:${name}`);
    });
    const half = serve(loop, loopMs / 2, "loop");
    return [{ take: slots }, ...half, ...transaction, ...calls, ...half, { give: slots }];
  }
}

function enter(wanted: Resource, then: () => void): void {
  if (wanted.free > 0) {
    wanted.free--;
    then();
  } else wanted.waiting.push(then);
}

function leave(held: Resource): void {
  const next = held.waiting[held.head];
  if (next === undefined) {
    held.free++;
    return;
  }
  held.head++;
  if (held.head === held.waiting.length) {
    held.waiting.length = 0;
    held.head = 0;
  }
  next();
}

function pick(operations: readonly OperationDemand[], at: number): number {
  let sum = 0;
  return Math.max(
    0,
    operations.findIndex(({ share }) => {
      sum += share;
      return at < sum;
    }),
  );
}

/** A factor of mean 1. */
function factor(spread: Spread, random: () => number): number {
  const exponential = () => -Math.log(1 - random());
  if (spread === "fixed") return 1;
  if (spread === "exponential") return exponential();
  if (spread === "erlang") return (exponential() + exponential() + exponential() + exponential()) / 4;
  // Nine of ten are short and one is long: the variance is 3.2 times the square of the mean.
  return random() < 0.9 ? exponential() * 0.65 : exponential() * 4.15;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function p99(latencies: readonly number[]): number {
  return latencies.toSorted((one, other) => one - other)[Math.ceil(latencies.length * 0.99) - 1] ?? 0;
}

function demandOf(operation: OperationDemand, { sums, latencies }: Watched): OperationDemand {
  const each = (part: Part) => (sums.get(part) ?? 0) / latencies.length;
  const meanMs = meanOf(latencies);
  return {
    ...operation,
    ...{ loopMs: each("loop"), heldLoopMs: each("heldLoop"), databaseMs: each("database"), heldMs: each("held") },
    upstreams: Object.fromEntries(Object.keys(operation.upstreams).map((name) => [name, each(`upstream:${name}`)])),
    variation: meanOf(latencies.map((ms) => (ms - meanMs) ** 2)) / meanMs ** 2,
  };
}
