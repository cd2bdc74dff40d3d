import assert from "node:assert/strict";
import fc from "fast-check";
import type { LimitMode } from "../../../src/core/load-line/load-line.ts";
import { LoadLines } from "../../../src/core/load-line/load-lines.ts";
import type { Held } from "../../../src/core/queue/limit.ts";
import { LimitedQueue, type LimitedWaiter } from "../../../src/core/queue/limited-queue.ts";
import { TestClock } from "../../../src/testing/clock.ts";

/** One of a schedule: when it comes, how long it runs, and how long it would wait. No two things happen at the same time. */
export interface Offered {
  readonly caller: string;
  readonly rank: number;
  readonly at: number;
  readonly runsMs: number;
  readonly waitsMs: number;
}

/** A small part of a millisecond of which no sum is the same as another. */
const apart = (irrational: number): number => (irrational % 1) / 100;

/** Schedules under which no two things happen at the same time, also not after long chains of them. */
export const schedules: fc.Arbitrary<readonly Offered[]> = fc
  .array(
    fc.record({
      caller: fc.constantFrom("a", "b", "c"),
      rank: fc.constantFrom(0, 1, 1, 2),
      at: fc.nat(200),
      runsMs: fc.integer({ min: 1, max: 60 }),
      waitsMs: fc.nat(80),
    }),
    { maxLength: 60, size: "max" },
  )
  .map((all) =>
    all.map((one, i) => ({
      ...one,
      at: one.at + apart(Math.sqrt(i + 2)),
      runsMs: one.runsMs + apart(Math.cbrt(i + 2)),
      waitsMs: one.waitsMs + apart(Math.log(i + 2)),
    })),
  );

/** One that was offered, and how it went. */
class Arrival implements LimitedWaiter, Held {
  readonly outcome: Held["outcome"] = "ok";
  queuedAt = 0;
  readonly caller: string;
  readonly offered: Offered;
  readonly rank: number;
  readonly deadlineAt: number;
  state: "waits" | "runs" | "done" | "refused" | "late" = "waits";
  readonly #world: OfferedLoad;

  constructor(offered: Offered, world: OfferedLoad) {
    this.offered = offered;
    this.caller = offered.caller;
    this.rank = offered.rank;
    this.deadlineAt = offered.at + offered.waitsMs;
    this.#world = world;
  }

  get heldMs(): number {
    return this.offered.runsMs;
  }

  granted(): void {
    assert.equal(this.state, "waits", "granted once, and only while it waits");
    this.#world.begin(this);
  }

  drop(line: { readonly name: string }): void {
    this.#world.refuse(this, line);
  }

  measured(line: { readonly name: string }): void {
    this.#world.refusals.push(`${line.name} ${this.offered.at}`);
  }
}

class OfferedQueue extends LimitedQueue<Arrival> {
  protected override dropped(arrival: Arrival): void {
    arrival.drop(this.queueLine);
  }
}

/** Offers a schedule to a limited queue, on a clock of its own. */
export class OfferedLoad {
  readonly clock = new TestClock();
  readonly lines = new LoadLines(this.clock);
  readonly queue: OfferedQueue;
  readonly refusals: string[] = [];
  readonly all: Arrival[] = [];
  readonly #most: number;
  mostRunning = 0;

  constructor(bounds: { readonly concurrency: number; readonly queue: number; readonly mode: LimitMode; readonly deadlineMs?: number }) {
    this.#most = bounds.queue;
    this.queue = new OfferedQueue({ name: "t.op", ...bounds });
    this.queue.listOn(this.lines, this.clock);
  }

  /** Runs all of it to the end; `then`: what else happens, at which time. */
  run(schedule: readonly Offered[], then: readonly { readonly at: number; run(): void }[] = []): void {
    const at = (time: number, run: () => void) => void this.clock.schedule(time, run);
    for (const offered of schedule) at(offered.at, () => this.#arrive(offered));
    for (const { at: time, run } of then) at(time, run);
    this.clock.advance(100_000);
    // The replay of measure mode goes on when it is asked.
    this.lines.list();
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
    const reason = this.queue.ask(arrival);
    if (reason === undefined) return this.#wait(arrival);
    const { line, queueLine } = this.queue;
    this.refuse(arrival, reason === "full" && this.#most === 0 ? line : queueLine);
  }

  #wait(arrival: Arrival): void {
    this.clock.schedule(arrival.offered.waitsMs, () => {
      if (arrival.state === "waits" && this.queue.forgetLate(arrival)) arrival.state = "late";
    });
  }

  refuse(arrival: Arrival, line: { readonly name: string }): void {
    arrival.state = "refused";
    this.refusals.push(`${line.name} ${arrival.offered.at}`);
  }
}
