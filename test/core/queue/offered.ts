import assert from "node:assert/strict";
import fc from "fast-check";
import type { LimitMode } from "../../../src/core/load-line/load-line.ts";
import { LoadLines } from "../../../src/core/load-line/load-lines.ts";
import type { Held } from "../../../src/core/queue/limit.ts";
import { LimitedQueue, type LimitedWaiter } from "../../../src/core/queue/limited-queue.ts";
import { CallersInTurn } from "../../../src/core/queue/turns.ts";
import { TestClock } from "../../../src/testing/clock.ts";

/** One of a schedule: when it comes, how long it runs, and how long it would wait. No two things happen at the same time. */
export interface Offered {
  readonly caller: string;
  readonly at: number;
  readonly runsMs: number;
  readonly waitsMs: number;
}

/** Schedules under which nothing happens at the same time: the last digits of each number belong to one arrival alone. */
export const schedules: fc.Arbitrary<readonly Offered[]> = fc
  .array(
    fc.record({ caller: fc.constantFrom("a", "b", "c"), at: fc.nat(200), runsMs: fc.integer({ min: 1, max: 60 }), waitsMs: fc.nat(80) }),
    { maxLength: 60, size: "max" },
  )
  .map((all) =>
    all.map((one, i) => ({
      ...one,
      at: one.at + (i + 1) * 1e-3,
      runsMs: one.runsMs + (i * 7 + 1) * 1e-6,
      waitsMs: one.waitsMs + (i * 13 + 3) * 1e-7,
    })),
  );

/** One that was offered, and how it went. */
class Arrival implements LimitedWaiter, Held {
  readonly outcome: Held["outcome"] = "ok";
  readonly heldMs = 0;
  readonly caller: string;
  readonly offered: Offered;
  readonly deadlineAt: number;
  state: "waits" | "runs" | "done" | "refused" | "late" = "waits";
  readonly #world: OfferedLoad;

  constructor(offered: Offered, world: OfferedLoad) {
    this.offered = offered;
    this.caller = offered.caller;
    this.deadlineAt = offered.at + offered.waitsMs;
    this.#world = world;
  }

  granted(): void {
    assert.equal(this.state, "waits", "granted once, and only while it waits");
    this.#world.begin(this);
  }

  measured(line: { readonly name: string }): void {
    this.#world.refusals.push(`${line.name} ${this.offered.at}`);
  }
}

/** Offers a schedule to a limited queue, on a clock of its own. */
export class OfferedLoad {
  readonly clock = new TestClock();
  readonly lines = new LoadLines(this.clock);
  readonly queue: LimitedQueue<Arrival>;
  readonly refusals: string[] = [];
  readonly all: Arrival[] = [];
  mostRunning = 0;

  constructor(bounds: { readonly concurrency: number; readonly queue: number; readonly mode: LimitMode }) {
    this.queue = new LimitedQueue({ name: "t.op", ...bounds, turns: () => new CallersInTurn(), clock: this.clock });
    this.queue.listOn(this.lines, this.clock);
  }

  /** Runs all of it to the end; `then`: what else happens, at which time. */
  run(schedule: readonly Offered[], then: readonly { readonly at: number; run(): void }[] = []): void {
    const at = (time: number, run: () => void) => void this.clock.schedule(time, run);
    for (const offered of schedule) at(offered.at, () => this.#arrive(offered));
    for (const { at: time, run } of then) at(time, run);
    this.clock.advance(100_000);
  }

  begin(arrival: Arrival): void {
    arrival.state = "runs";
    this.mostRunning = Math.max(this.mostRunning, this.all.filter(({ state }) => state === "runs").length);
    this.clock.schedule(arrival.offered.runsMs, () => {
      arrival.state = "done";
      this.queue.leave(arrival);
    });
  }

  /** What both lines say of refusals, enforced or measured. */
  counts(which: "refused" | "wouldRefuse"): unknown {
    return this.lines.list().map((reading) => [reading.name, reading[which]]);
  }

  #arrive(offered: Offered): void {
    const arrival = new Arrival(offered, this);
    this.all.push(arrival);
    if (this.queue.tryEnter(arrival)) return this.begin(arrival);
    if (this.queue.add(arrival)) return this.#wait(arrival);
    const displaced = this.queue.displace(arrival);
    if (displaced !== undefined) {
      this.#refuse(displaced, this.queue.queueLine);
      return this.#wait(arrival);
    }
    this.#refuse(arrival, this.queue.refuse());
  }

  #wait(arrival: Arrival): void {
    this.clock.schedule(arrival.offered.waitsMs, () => {
      if (arrival.state === "waits" && this.queue.forgetLate(arrival)) arrival.state = "late";
    });
  }

  #refuse(arrival: Arrival, line: { readonly name: string }): void {
    arrival.state = "refused";
    this.refusals.push(`${line.name} ${arrival.offered.at}`);
  }
}
