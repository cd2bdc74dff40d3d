import { setImmediate } from "node:timers/promises";
import { BoundedQueue, type QueuedWaiter } from "../../../src/core/queue/bounded-queue.ts";
import { FixedLimit } from "../../../src/core/queue/limit.ts";
import { InOrder } from "../../../src/core/queue/turns.ts";
import { leaseMs } from "../../../src/resilience/leases/lease-store.ts";
import { PlaceBorrower } from "../../../src/resilience/leases/place-borrower.ts";
import { PlaceLender } from "../../../src/resilience/leases/place-lender.ts";
import { TestClock } from "../../../src/testing/clock.ts";

/** One process that has a share of the limit. */
export interface PlacesMember {
  readonly queue: BoundedQueue<QueuedWaiter>;
  readonly borrower: PlaceBorrower;
  /** Its messages are lost, both ways. */
  deaf: boolean;
  alive: boolean;
  /** Resolves when it has what it starts with. */
  started: Promise<void>;
}

/** Processes on one virtual clock that have one limit together, with the time that messages take. */
export class PlacesFleet {
  readonly clock = new TestClock();
  readonly members: PlacesMember[] = [];
  readonly declared: number;
  readonly lender: PlaceLender<PlacesMember>;
  /** How many exchanges there were. */
  exchanges = 0;
  /** How long a message takes. */
  delayMs = 1;
  /** What those hold elsewhere that have ended, until their lease is over. */
  #left = 0;

  constructor(processes: number, declared: number) {
    this.declared = declared;
    this.lender = new PlaceLender({
      ...{ processes, clock: this.clock },
      nudge: (member) => void this.clock.schedule(this.delayMs, () => member.alive && !member.deaf && member.borrower.nudge()),
    });
  }

  get living(): readonly PlacesMember[] {
    return this.members.filter(({ alive }) => alive);
  }

  /** What all hold. */
  get held(): number {
    return this.living.reduce((sum, { queue }) => sum + queue.running, this.#left);
  }

  async join(queue = 1_000): Promise<PlacesMember> {
    const member = this.#member(queue);
    this.members.push(member);
    member.started = member.borrower.start();
    await this.pass(0);
    return member;
  }

  #member(waiting: number): PlacesMember {
    const borrower: PlaceBorrower = new PlaceBorrower({
      clock: this.clock,
      exchange: async (asks) => {
        this.exchanges++;
        await this.#travel();
        if (member.deaf) throw new TypeError("lost");
        if (!member.alive) return [];
        const grants = this.lender.exchange(member, asks);
        await this.#travel();
        if (member.deaf) throw new TypeError("lost");
        return grants;
      },
    });
    const queue = new BoundedQueue<QueuedWaiter>({ limit: new FixedLimit(this.declared), queue: waiting, turns: new InOrder() });
    const member: PlacesMember = { queue, borrower, deaf: false, alive: true, started: Promise.resolve() };
    const limit = { name: "places", declared: this.declared, held: () => queue.running, changed: () => queue.refill() };
    queue.shareWith({ places: borrower.borrow({ ...limit, wants: () => queue.running + queue.waiting }) });
    return member;
  }

  async die(member: PlacesMember): Promise<void> {
    member.alive = false;
    await member.borrower.stop();
    const held = member.queue.running;
    this.#left += held;
    this.lender.ended(member);
    // By then the server has noticed.
    this.clock.schedule(leaseMs - 1, () => {
      this.#left -= held;
    });
  }

  /** One more wants a place of a member. */
  ask({ queue }: PlacesMember): void {
    if (!queue.tryEnter()) queue.add({ granted: () => undefined });
  }

  /** Passes time, in steps in which messages arrive. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed <= ms; passed++) {
      if (passed > 0) await this.clock.advance(1);
      await setImmediate();
    }
  }

  #travel(): Promise<void> {
    return new Promise((resolve) => void this.clock.schedule(this.delayMs, resolve));
  }
}
