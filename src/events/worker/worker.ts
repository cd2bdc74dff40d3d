import type { Timer } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Service } from "../../core/service.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { Heartbeat, shortestBeatMs } from "../../tasks/worker/heartbeat.ts";
import type { SubscriptionDefinition } from "../definition.ts";
import type { Listening } from "../ports/log-store.ts";
import type { EventStore } from "../ports/store.ts";
import { comparePositions } from "../position.ts";
import type { Projector } from "../projections/projector.ts";
import type { EventSignals } from "../signals.ts";
import type { LogReader } from "./log-reader.ts";
import { Subscriber } from "./subscriber.ts";

/** What a worker of subscriptions needs; everything filled in. */
export interface EventWorkerOptions {
  readonly name: string;
  readonly runtime: Runtime;
  readonly store: EventStore;
  readonly definitions: readonly SubscriptionDefinition[];
  readonly projectors: readonly Projector[];
  readonly signals: EventSignals;
  /** What else is looked after with each heartbeat. Never waits, never throws. */
  readonly onHeartbeat: () => void;
}

const rejoinMs = 500;
const stopMs = 5_000;

/**
 * Serves the subscriptions of a process: takes a share of their partitions under a lease, and keeps it with its heartbeat.
 * *Guarantees*: what it has is done or taken over by others a lease after its last renewal. Writes about a partition that another has are refused.
 */
export class EventWorker implements Service {
  readonly name = "events";
  readonly #options: EventWorkerOptions;
  readonly #readers: readonly LogReader[];
  readonly #names: readonly string[];
  readonly #heartbeat: Heartbeat;
  readonly #listening: Listening;
  #token: number | undefined;
  #leaseTimer: Timer | undefined;
  #nextDueMs: number | undefined;
  #isOpen = false;

  constructor(options: EventWorkerOptions) {
    this.#options = options;
    const { runtime, store, definitions, projectors, signals } = options;
    this.#heartbeat = new Heartbeat(runtime.clock, () => this.#beat());
    const due = (delayMs: number) => this.#isOpen && this.#heartbeat.beatWithin(delayMs);
    const subscribers = definitions.map(
      (definition) => new Subscriber({ ...{ runtime, definition, signals, due }, log: store.log, store: store.subscriptions }),
    );
    this.#readers = [...subscribers, ...projectors];
    this.#names = this.#readers.map(({ definition }) => definition.name);
    this.#listening = store.log.listen((names) => this.committed(new Set(names)));
  }

  /** How many partitions it has of each subscription. */
  get partitions(): readonly { readonly subscription: string; readonly partitions: number }[] {
    return this.#readers.map(({ definition, partitions }) => ({ subscription: definition.name, partitions }));
  }

  /** Makes its subscriptions where they do not exist; before the start. *Faults thrown*: `failed_precondition` of type `subscription_changed`. */
  async declare(): Promise<void> {
    const { store, projectors } = this.#options;
    for (const projector of projectors) await projector.describe();
    for (const { definition } of this.#readers) {
      const { name, partitions, from } = definition;
      const kept = await store.subscriptions.declare(name, partitions, from);
      if (kept !== partitions) throw otherPartitions(name, { kept, partitions });
    }
    for (const projector of projectors) await projector.declare();
  }

  async start(): Promise<void> {
    if (this.#readers.length > 0) await this.#listening.start();
    this.#isOpen = true;
    await this.#heartbeat.beatNow();
  }

  /** Events of these names are committed; an empty set stands for any. */
  committed(names: ReadonlySet<string>): void {
    if (!this.#isOpen) return;
    for (const subscriber of this.#readers)
      if (names.size === 0 || subscriber.definition.names.some((name) => names.has(name))) subscriber.announced();
  }

  /** Begins nothing more. */
  close(): void {
    this.#isOpen = false;
    for (const subscriber of this.#readers) subscriber.close();
  }

  async stop(): Promise<void> {
    this.close();
    await this.#listening.stop();
    this.#heartbeat.fade();
    const { clock } = this.#options.runtime;
    const late = new Promise<void>((resolve) => void clock.schedule(stopMs, resolve));
    await Promise.race([Promise.all(this.#readers.map((subscriber) => subscriber.idle())), late]);
    await this.#heartbeat.stop(stopMs);
    const token = this.#token;
    this.#token = undefined;
    this.#leaseTimer?.cancel();
    // Where that fails the lease ends by itself.
    if (token !== undefined) await this.#options.store.subscriptions.leave(token).catch(() => undefined);
  }

  /** Looks at once, and resolves when it has looked, with the milliseconds until the next parked event of its own is due. */
  async lookNow(): Promise<number | undefined> {
    await this.#heartbeat.idle();
    await this.#heartbeat.beatNow();
    return this.#nextDueMs;
  }

  async #beat(): Promise<number> {
    let nextMs: number = limits.eventPollMs;
    try {
      if (this.#isOpen && this.#readers.length > 0) nextMs = await this.#look();
      if (this.#isOpen) this.#options.onHeartbeat();
    } catch (error) {
      this.#options.signals.failing.publish({ error });
    }
    return nextMs;
  }

  async #look(): Promise<number> {
    const { store, name, runtime } = this.#options;
    const askedAt = runtime.clock.monotonic();
    this.#token ??= await store.subscriptions.join(name, this.#names);
    const token = this.#token;
    const found = await store.subscriptions.heartbeat(token, this.#names);
    if (found === undefined) {
      this.#loseLease();
      return rejoinMs;
    }
    // It took so long that the lease was given up meanwhile: others may have what it says.
    if (this.#token !== token) return this.#rejoin(token);
    this.#renewed(askedAt);
    for (const subscriber of this.#readers) {
      const { name: subscription } = subscriber.definition;
      const owned = found.owned.filter((one) => one.subscription === subscription);
      const share = found.shares.get(subscription) ?? 0;
      await subscriber.adopt(owned, { share, isPaused: found.paused.has(subscription) });
      if (this.#token !== token) return this.#rejoin(token);
    }
    const isHandling = this.#readers.some(({ handlesParked }) => handlesParked);
    const takers = this.#readers.flatMap((reader) =>
      reader.dueTakers().map((partition) => ({ subscription: reader.definition.name, partition })),
    );
    const { events, nextMs } = await store.subscriptions.duePark(token, takers, limits.eventsDue);
    if (this.#token !== token) return this.#rejoin(token);
    // What is at hand is due, though it was not read again.
    this.#nextDueMs = isHandling ? 0 : nextMs;
    for (const subscriber of this.#readers)
      subscriber.takeDue(events.filter(({ subscription }) => subscription === subscriber.definition.name));
    const head = await store.log.head();
    for (const subscriber of this.#readers) {
      const { readTo } = subscriber;
      if (head !== undefined && readTo !== undefined && comparePositions(readTo, head) < 0) subscriber.wake();
    }
    // There may be more, of partitions that have got none.
    if (events.length >= limits.eventsDue) return shortestBeatMs;
    // What is due now was taken, or waits for its partition.
    return nextMs === undefined || nextMs === 0 ? limits.eventPollMs : Math.max(shortestBeatMs, Math.min(limits.eventPollMs, nextMs));
  }

  /** Others may take this process for lost a lease after its last renewal, also while a statement hangs: it gives up before they do. */
  #renewed(askedAt: number): void {
    const { clock } = this.#options.runtime;
    this.#leaseTimer?.cancel();
    this.#leaseTimer = clock.schedule(Math.max(0, askedAt + limits.eventLeaseMs - clock.monotonic()), () => this.#loseLease());
  }

  /** Leaves to others what the store still keeps for a lease that was given up. */
  async #rejoin(token: number): Promise<number> {
    await this.#options.store.subscriptions.leave(token);
    return rejoinMs;
  }

  #loseLease(): void {
    this.#token = undefined;
    this.#leaseTimer?.cancel();
    for (const subscriber of this.#readers) subscriber.abandon();
  }
}

const otherPartitions = (name: string, { kept, partitions }: { readonly kept: number; readonly partitions: number }): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "subscription_changed",
    message: `${name} declares ${partitions} partitions, and was first started with ${kept}. They never change: write partitions: ${kept}, or declare a subscription of another name.`,
  });
