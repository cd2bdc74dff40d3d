import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Statement } from "../../operation/transaction.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { failureOf, storable } from "../../tasks/context.ts";
import { orderKeyOf, type SubscriptionDefinition, sentName, takenAs } from "../definition.ts";
import { type EventOutcome, eventOutcome } from "../outcome.ts";
import type { StoredEvent } from "../ports/log-store.ts";
import type { Due, FailedEvent, ParkedEvent, SubscriptionStore } from "../ports/subscription-store.ts";
import type { EventSignals } from "../signals.ts";
import { EventInvocation } from "./invocation.ts";
import type { Partition } from "./partition.ts";
import { Turnstile } from "./turnstile.ts";

/** What handling the events of a subscription needs. */
export interface EventHandlerOptions {
  readonly runtime: Runtime;
  readonly definition: SubscriptionDefinition;
  readonly store: SubscriptionStore;
  readonly signals: EventSignals;
  readonly isOpen: () => boolean;
  /** A position moved that is not written yet. */
  readonly advanced: () => void;
  /** An event of the partition is done or set aside. */
  readonly settled: (partition: Partition) => void;
  /** Has the worker look for parked events then. */
  readonly due: (delayMs: number) => void;
}

/** An attempt that ended. */
interface Ended {
  readonly outcome: EventOutcome;
  readonly fault: Fault | undefined;
  readonly attempt: number;
  /** Its completion was written with what it committed. */
  readonly committed: boolean;
}

/** Handles the events of partitions, each one after the other, and writes their outcomes. */
export class EventHandler {
  readonly #options: EventHandlerOptions;
  readonly #places: Turnstile;
  /** How attempts ended of events that wait in a queue behind one that no room is for: they are not made again. */
  readonly #ahead = new WeakMap<StoredEvent, Ended>();
  /** Partitions that wait for what their handler cannot reach. */
  readonly #waiting = new Set<() => void>();

  constructor(options: EventHandlerOptions) {
    this.#options = options;
    this.#places = new Turnstile(options.definition.compiled.limits.concurrency);
  }

  close(): void {
    this.#places.close();
    this.retry();
  }

  /** Ends the pauses of partitions that wait: each tries again at once. */
  retry(): void {
    for (const resume of this.#waiting) resume();
  }

  /** Has a partition handle what it has; does nothing where it does so already. */
  work(partition: Partition): void {
    if (partition.isBusy || !this.#hasWork(partition)) return;
    partition.isBusy = true;
    void this.#workThrough(partition).then(
      () => {
        partition.isBusy = false;
        if (this.#hasWork(partition)) this.work(partition);
      },
      (error: unknown) => {
        partition.isBusy = false;
        // Begun again from what the store has, with the next look.
        partition.isOver = true;
        if (!isLost(error)) this.#options.signals.failing.publish({ error });
      },
    );
  }

  #hasWork({ isOver, isFull, queue, due }: Partition): boolean {
    return this.#options.isOpen() && !isOver && (due.length > 0 || (queue.length > 0 && !isFull));
  }

  async #workThrough(partition: Partition): Promise<void> {
    while (this.#hasWork(partition)) {
      const parked = partition.due.shift();
      if (parked !== undefined) {
        partition.unsettled = parked.id;
        await this.#handleParked(partition, parked);
        partition.unsettled = undefined;
        // Others of its own may be due by now.
        if (partition.mayHaveMore && partition.takesDue) this.#options.due(0);
      } else await this.#handleNext(partition);
      this.#options.settled(partition);
    }
  }

  /** Handles the next event of a partition; of a definition that allows it, with those behind it that no order holds back. */
  async #handleNext(partition: Partition): Promise<void> {
    const { store, definition } = this.#options;
    const event = partition.queue[0] as StoredEvent;
    const known = this.#ahead.get(event);
    if (known !== undefined) return void (await this.#conclude(partition, event, known));
    const events = nextOf(partition, definition);
    const [first] = events;
    if (first === undefined) {
      const orderKey = orderKeyOf(definition, event);
      return void (await this.#park(partition, event, { orderKey, due: "behind", attempt: 0, code: null, reason: null }));
    }
    const attempt = async (one: StoredEvent) =>
      this.#ahead.get(one) ?? this.#attempt(partition, one, { attempt: 1, completion: () => store.completion(partition.hold, one) });
    // All are waited for: none is under way when another worker, or this one again, begins with the partition.
    const ended = events.length === 1 ? [await attempt(first)] : await Promise.all(events.map(attempt));
    for (const [at, one] of ended.entries()) if (at > 0 && one !== undefined) this.#ahead.set(events[at] as StoredEvent, one);
    for (const [at, next] of events.entries()) {
      const one = ended[at];
      // Where the process stops, or the partition is lost, what was done behind it is done again: that has no order to keep with it.
      if (one === undefined || !(await this.#conclude(partition, next, one))) return;
    }
  }

  /** Writes the outcome of an event. Returns false where the partition stops at it. */
  async #conclude(partition: Partition, event: StoredEvent, ended: Ended): Promise<boolean> {
    const { store, definition } = this.#options;
    const { outcome, attempt } = ended;
    const orderKey = orderKeyOf(definition, event);
    const failed = this.#failed(ended);
    if (outcome.kind === "stopped") return this.#park(partition, event, { orderKey, due: "stopped", ...failed });
    if (outcome.kind === "parked")
      return this.#park(partition, event, { orderKey, due: outcome, ...failed, attempt: outcome.spent ? attempt : attempt - 1 });
    if (outcome.kind === "dead_lettered") await store.deadLetter(partition.hold, event, { orderKey, ...failed });
    this.#pass(partition, event, outcome.kind === "dead_lettered" || ended.committed);
    return true;
  }

  /** Sets an event aside, and moves the position past it. Returns false where as many are parked as may be: the partition stops at it. */
  async #park(
    partition: Partition,
    event: StoredEvent,
    how: FailedEvent & { readonly orderKey: string; readonly due: Due },
  ): Promise<boolean> {
    const { store, signals } = this.#options;
    const { subscription, partition: at } = partition.hold;
    if (!(await store.park(partition.hold, event, how))) {
      partition.isFull = true;
      signals.full.publish({ subscription, partition: at, parked: limits.eventsParked });
      return false;
    }
    partition.parkedKeys.add(how.orderKey);
    this.#pass(partition, event, true);
    if (typeof how.due === "object") this.#options.due(how.due.afterMs);
    return true;
  }

  async #handleParked(partition: Partition, event: ParkedEvent): Promise<void> {
    const { store } = this.#options;
    const { hold } = partition;
    const ended = await this.#attempt(partition, event, {
      attempt: event.attempt + 1,
      completion: () => store.parkedCompletion(hold, event),
    });
    if (ended === undefined) return;
    const { outcome, attempt, committed } = ended;
    const failed = this.#failed(ended);
    // After a commit the store knows whether others of its key are parked, and the next look finds them.
    let isFollowed = true;
    if (outcome.kind === "done") isFollowed = committed || (await store.completeParked(hold, event));
    else if (outcome.kind === "dead_lettered") isFollowed = await store.failParked(hold, event, { ...failed, due: "final" });
    else if (outcome.kind === "stopped") return void (await store.failParked(hold, event, { ...failed, due: "stopped" }));
    else if (outcome.kind === "parked") {
      await store.failParked(hold, event, { ...failed, due: outcome, attempt: outcome.spent ? attempt : event.attempt });
      return this.#options.due(outcome.afterMs);
    } else return;
    if (committed) await this.#refresh(partition);
    else if (!isFollowed) partition.parkedKeys.delete(event.orderKey);
    if (partition.parkedKeys.has(event.orderKey)) this.#options.due(0);
  }

  async #refresh(partition: Partition): Promise<void> {
    const parked = new Set(await this.#options.store.orderKeys(partition.hold));
    for (const key of partition.parkedKeys) if (!parked.has(key)) partition.parkedKeys.delete(key);
  }

  #pass(partition: Partition, event: StoredEvent, isWritten: boolean): void {
    if (partition.queue[0] === event) partition.queue.shift();
    partition.passed(event);
    if (isWritten) partition.written = partition.position;
    else this.#options.advanced();
  }

  /** Attempts until the outcome is another than to do so again at once; undefined where nothing is to be written. */
  async #attempt(
    partition: Partition,
    event: StoredEvent,
    run: { readonly attempt: number; readonly completion: () => Statement },
  ): Promise<Ended | undefined> {
    const { definition, signals, runtime } = this.#options;
    for (let attempt = run.attempt, waited = 0; ; attempt++) {
      if (!(await this.#places.enter())) return undefined;
      const isForNewer = definition.eventOf(event) === undefined && (await this.#newerTakes(event));
      // Meanwhile it may have been lost.
      if (partition.isOver || !this.#options.isOpen()) return void this.#places.leave();
      if (isForNewer) {
        this.#places.leave();
        return {
          outcome: { kind: "parked", afterMs: this.#againMs(event), spent: false },
          fault: newerCode(event),
          attempt,
          committed: false,
        };
      }
      const { fault, committed } = await this.#run(partition, event, { ...run, attempt });
      this.#places.leave();
      const outcome = eventOutcome(definition, { fault, attempt, waited, random: () => runtime.clock.random() });
      const lagMs = runtime.clock.now() - Date.parse(event.recordedAt);
      signals.handled.publish({ subscription: definition.name, id: event.id, key: event.key, outcome: outcome.kind, attempt, lagMs });
      if (outcome.kind === "again" && !partition.isOver) continue;
      if (outcome.kind === "waits" && !partition.isOver) {
        // The attempt does not count.
        attempt--;
        waited++;
        await this.#pause(outcome.afterMs);
        continue;
      }
      if (outcome.kind === "lost" || outcome.kind === "kept" || partition.isOver) {
        partition.isOver = true;
        return undefined;
      }
      return { outcome, fault, attempt, committed };
    }
  }

  /** Whether newer code of the subscription takes it, as in a deploy that is under way: a process of that code handles it. */
  async #newerTakes(event: StoredEvent): Promise<boolean> {
    const { definition, store } = this.#options;
    return (await store.newerCode(definition)).includes(takenAs(event));
  }

  /** The longer it waits for newer code, the less often this process looks whether one of that code has it. */
  #againMs({ recordedAt }: StoredEvent): number {
    const ageMs = this.#options.runtime.clock.now() - Date.parse(recordedAt);
    return Math.min(limits.eventCodeEveryMs, Math.max(limits.eventNewerMs, ageMs / 10));
  }

  #pause(afterMs: number): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        timer.cancel();
        this.#waiting.delete(resume);
        resolve();
      };
      const timer = this.#options.runtime.clock.schedule(afterMs, resume);
      this.#waiting.add(resume);
    });
  }

  #run(
    partition: Partition,
    event: StoredEvent,
    { attempt, completion }: { readonly attempt: number; readonly completion: () => Statement },
  ): Promise<{ readonly fault: Fault | undefined; readonly committed: boolean }> {
    const { definition, runtime } = this.#options;
    return new Promise((resolve) => {
      const invocation = new EventInvocation(event, {
        ...{ definition, attempt, completion },
        ended: ({ committed }, fault) => {
          partition.running.delete(invocation);
          resolve({ fault, committed });
        },
      });
      partition.running.add(invocation);
      invocation.execution = runtime.start(definition.compiled, invocation);
    });
  }

  #failed({ fault, attempt }: Ended): FailedEvent {
    if (fault === undefined) return { attempt, code: null, reason: null };
    const { type, message } = failureOf(fault, { at: this.#options.runtime.clock.now(), attempt });
    return { attempt, code: storable(type), reason: storable(message) };
  }
}

/**
 * The events that a partition handles next: one, or as many as the definition handles at once, each of another key. None of a key that has parked events, and none
 * behind one of such a key; so there is none where the first is such a one.
 */
function nextOf({ queue, parkedKeys }: Partition, definition: SubscriptionDefinition): readonly StoredEvent[] {
  const keys = new Set<string>();
  for (const event of queue) {
    if (keys.size === definition.atOnce) break;
    const key = orderKeyOf(definition, event);
    if (keys.has(key) || parkedKeys.has(key)) break;
    keys.add(key);
  }
  return queue.slice(0, keys.size);
}

const newerCode = ({ name, version }: StoredEvent): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "event_unknown",
    message: `Only newer code of the subscription takes version ${version} of ${sentName(name)}, and a process of earlier code read it. A process of the newer code handles it: no action is needed while a deploy is under way.`,
  });

function isLost(error: unknown): boolean {
  return error instanceof Fault && error.type === "lease_lost";
}
