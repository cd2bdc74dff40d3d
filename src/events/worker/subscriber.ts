import { Gather } from "../../core/batch/gather.ts";
import type { Timer } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { orderKeyOf, partitionOf, type SubscriptionDefinition } from "../definition.ts";
import { partitionLost } from "../outcome.ts";
import type { EventLogStore } from "../ports/log-store.ts";
import type { OwnedPartition, ParkedEvent, SubscriptionStore } from "../ports/subscription-store.ts";
import { comparePositions, type Position } from "../position.ts";
import type { EventSignals } from "../signals.ts";
import { EventHandler } from "./handler.ts";
import type { LogReader } from "./log-reader.ts";
import { Partition } from "./partition.ts";

/** What serving a subscription needs. */
export interface SubscriberOptions {
  readonly runtime: Runtime;
  readonly definition: SubscriptionDefinition;
  readonly log: Pick<EventLogStore, "read">;
  readonly store: SubscriptionStore;
  readonly signals: EventSignals;
  /** Has the worker look soon, as where a parked event becomes due. */
  readonly due: (delayMs: number) => void;
}

/** How soon the log is read again where an event was announced that could not be read yet. *Units*: milliseconds. */
const firstAgainMs = 5;

/**
 * Serves one subscription in this process: reads the log once for all partitions that it has, and has each handle its events one after the other.
 * *Bounds*: `limits.eventsWaiting` events wait in a partition; what does not fit is read again.
 */
export class Subscriber implements LogReader {
  readonly definition: SubscriptionDefinition;
  readonly #options: SubscriberOptions;
  readonly #partitions = new Map<number, Partition>();
  readonly #handler: EventHandler;
  readonly #flushes = new Gather(1, () => this.#flushNext());
  #reading: Promise<void> | undefined;
  #readsAgain = false;
  #againMs = firstAgainMs;
  #againTimer: Timer | undefined;
  /** How often the lease was lost. */
  #losses = 0;
  #state: "open" | "paused" | "closed" = "open";

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.definition = options.definition;
    this.#handler = new EventHandler({
      ...options,
      isOpen: () => this.#state === "open",
      advanced: () => this.#flushes.ask(),
      settled: (partition) => this.#settled(partition),
    });
  }

  /** The earliest position up to which a partition was read; undefined where it has none. */
  get readTo(): Position | undefined {
    return this.#least([...this.#partitions.values()]);
  }

  get partitions(): number {
    return this.#partitions.size;
  }

  get handlesParked(): boolean {
    return this.#state === "open" && [...this.#partitions.values()].some(({ isOver, takesDue }) => !isOver && !takesDue);
  }

  /** Takes what the heartbeat found that it has, gives up what it has no more, and releases what others should have. */
  async adopt(
    owned: readonly OwnedPartition[],
    { share, isPaused }: { readonly share: number; readonly isPaused: boolean },
  ): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = isPaused ? "paused" : "open";
    const losses = this.#losses;
    const found = new Map(owned.map((one) => [one.partition, one]));
    for (const [at, partition] of this.#partitions) if (found.get(at)?.fence !== partition.hold.fence) this.#lose(partition);
    for (const [at, one] of found) {
      const known = this.#partitions.get(at);
      // One that is over and the handler of which still runs begins again once that has ended.
      if (known !== undefined && (!known.isOver || known.isBusy)) continue;
      const keys = await this.#options.store.orderKeys(one);
      // Meanwhile the lease was given up.
      if (losses !== this.#losses) return;
      this.#partitions.set(at, new Partition(one, keys));
    }
    await this.#release(this.#partitions.size - share);
    for (const partition of this.#partitions.values()) {
      partition.isFull = false;
      partition.rest();
      this.#handler.work(partition);
    }
    this.#flushes.ask();
  }

  /** The partitions for which parked events are to be read now. */
  dueTakers(): readonly number[] {
    if (this.#state !== "open") return [];
    const all = [...this.#partitions.values()];
    for (const partition of all) partition.mayHaveMore = !partition.takesDue;
    return all.filter(({ takesDue }) => takesDue).map(({ hold }) => hold.partition);
  }

  /** Takes parked events that are due, as they were read for these partitions. */
  takeDue(events: readonly ParkedEvent[]): void {
    for (const event of events) {
      const partition = this.#partitions.get(event.partition);
      if (partition === undefined || partition.isOver) continue;
      partition.parkedKeys.add(event.orderKey);
      partition.takeDue(event);
      this.#handler.work(partition);
    }
  }

  /** An event was committed. Where it cannot be read before older transactions have ended, the log is read again soon. */
  announced(): void {
    this.#againMs = firstAgainMs;
    this.wake(true);
  }

  /** There may be something to read. */
  wake(expected = false): void {
    this.#readsAgain = true;
    this.#reading ??= this.#readAll(expected).finally(() => {
      this.#reading = undefined;
      if (this.#readsAgain && this.#state === "open") this.wake();
    });
  }

  /** Begins nothing more. */
  close(): void {
    this.#state = "closed";
    this.#againTimer?.cancel();
    this.#handler.close();
  }

  /** The lease of this process is lost: others have all of it. */
  abandon(): void {
    this.#losses++;
    for (const partition of this.#partitions.values()) this.#lose(partition);
  }

  /** Resolves when what has ended is written. */
  async idle(): Promise<void> {
    for (const partition of this.#partitions.values()) partition.rest();
    this.#flushes.ask();
    await this.#flushes.idle();
  }

  #lose(partition: Partition): void {
    const { subscription, partition: at } = partition.hold;
    partition.isOver = true;
    for (const { execution } of partition.running) execution?.stop(partitionLost());
    this.#partitions.delete(at);
    this.#options.signals.lost.publish({ subscription, partition: at });
  }

  /** Releases as many as are too many: those of which nothing runs now. */
  async #release(surplus: number): Promise<void> {
    if (surplus <= 0) return;
    const released = [...this.#partitions.values()].filter(({ isBusy, isOver }) => !isBusy && !isOver).slice(-surplus);
    if (released.length === 0) return;
    const moves = released.filter(({ isDirty }) => isDirty).map(({ hold, position }) => ({ ...hold, ...position }));
    for (const partition of released) {
      partition.isOver = true;
      this.#partitions.delete(partition.hold.partition);
    }
    if (moves.length > 0) await this.#options.store.advance(this.definition.name, moves);
    await this.#options.store.release(
      this.definition.name,
      released.map(({ hold }) => hold),
    );
  }

  async #readAll(expected: boolean): Promise<void> {
    let found = false;
    try {
      while (this.#state === "open" && this.#readsAgain) {
        this.#readsAgain = false;
        while (await this.#readOnce()) found = true;
      }
    } catch (error) {
      this.#options.signals.failing.publish({ error });
    }
    if (found) this.#againMs = firstAgainMs;
    else if (expected && this.#state === "open") this.#readLater();
  }

  #readLater(): void {
    this.#againTimer?.cancel();
    // The next regular look comes no later.
    if (this.#againMs >= limits.eventPollMs) return;
    this.#againTimer = this.#options.runtime.clock.schedule(this.#againMs, () => this.wake(true));
    this.#againMs *= 2;
  }

  /** Returns whether there may be more. */
  async #readOnce(): Promise<boolean> {
    const reading = [...this.#partitions.values()].filter(({ hasRoom }) => hasRoom);
    const from = this.#least(reading);
    if (from === undefined || this.#state !== "open") return false;
    const bounds = { scan: limits.eventScan, bytes: limits.eventReadBytes, code: this.definition };
    const { events, through } = await this.#options.log.read(this.definition.names, from, bounds);
    if (through === undefined) return false;
    const skipped = new Set<Partition>();
    for (const event of events) {
      const partition = this.#partitions.get(partitionOf(orderKeyOf(this.definition, event), this.definition.partitions));
      // One that came meanwhile may begin before what was read.
      if (partition === undefined || partition.isOver || skipped.has(partition) || !reading.includes(partition)) continue;
      if (!partition.take(event)) skipped.add(partition);
    }
    for (const partition of reading) {
      if (!skipped.has(partition)) partition.readThrough(through);
      this.#handler.work(partition);
    }
    return true;
  }

  #least(partitions: readonly Partition[]): Position | undefined {
    let least: Position | undefined;
    for (const { readTo, isOver } of partitions)
      if (!isOver && (least === undefined || comparePositions(readTo, least) < 0)) least = readTo;
    return least;
  }

  /** An event of a partition is done or set aside, and the partition may go on. */
  #settled(partition: Partition): void {
    if (partition.queue.length === Math.floor(limits.eventsWaiting / 2)) this.wake();
  }

  #flushNext(): Promise<void> | undefined {
    const dirty = [...this.#partitions.values()].filter(({ isDirty }) => isDirty);
    return dirty.length === 0 ? undefined : this.#flush(dirty);
  }

  async #flush(dirty: readonly Partition[]): Promise<void> {
    const moves = dirty.map(({ hold, position }) => ({ partition: hold.partition, hold, position }));
    try {
      const kept = await this.#options.store.advance(
        this.definition.name,
        moves.map(({ hold, position }) => ({ ...hold, ...position })),
      );
      for (const [at, partition] of dirty.entries()) {
        partition.written = moves[at]!.position;
        if (!kept.has(partition.hold.partition) && !partition.isOver) this.#lose(partition);
      }
    } catch (error) {
      this.#options.signals.failing.publish({ error });
      // The next look tries again: what is not written is handled again after a crash.
      if (error instanceof Fault && error.code !== "unavailable") for (const partition of dirty) this.#lose(partition);
      else await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#options.runtime.clock.schedule(limits.eventPollMs, resolve));
  }
}
