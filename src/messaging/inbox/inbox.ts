import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { SubscriptionDefinition } from "../../events/definition.ts";
import type { SubscriptionAdmin } from "../../events/ports/admin-store.ts";
import type { Locks } from "../../locks/locks.ts";
import { lock } from "../../operation/durable/lock.ts";
import type { IncomingBatch, MessageReceiver, ReceiverSource } from "../../operation/messaging/receiver.ts";
import { exponential } from "../../resilience/backoff.ts";
import type { MessagingSignals } from "../signals.ts";
import { readMessage } from "./read.ts";
import type { InboxStore, ReceivedEvent, RefusedMessage } from "./store.ts";

/** A subscription, and the broker that its events come from. */
export type ReceivingDefinition = Pick<SubscriptionDefinition, "name" | "names"> & { readonly receiver: ReceiverSource };

/** What receiving for a subscription needs. */
export interface InboxOptions {
  readonly definition: ReceivingDefinition;
  readonly store: InboxStore;
  readonly admin: Pick<SubscriptionAdmin, "stats">;
  readonly locks: Pick<Locks, "hold">;
  readonly clock: Clock;
  readonly signals: MessagingSignals;
  /** Events of these names are in the log. */
  readonly committed: (names: ReadonlySet<string>) => void;
}

const reopening = exponential("100ms", { max: limits.inboxReopenMs });

/**
 * Receives for one subscription, in one process at a time: has batches of its broker stored in the log, each in one transaction with the position.
 * *Guarantees*: what the broker may forget is in the log, or is a dead letter. A process that lost its lease moves no position that another has moved.
 * *Bounds*: one batch in memory; it waits while `limits.inboxUnhandled` are received and not handled.
 */
export class Inbox {
  readonly definition: ReceivingDefinition;
  readonly #options: InboxOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #receiver: MessageReceiver | undefined;
  /** Received since it was last asked how many are not handled. */
  #since = Number.POSITIVE_INFINITY;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.definition = options.definition;
  }

  /** Whether this process receives. */
  get isReceiving(): boolean {
    return this.#receiver !== undefined;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Begins nothing more. */
  close(): void {
    this.#stopping.abort();
  }

  async stop(): Promise<void> {
    this.close();
    await this.#running;
  }

  /** How many messages the broker has for it; undefined where another process receives, or the broker does not say. */
  async lag(): Promise<number | undefined> {
    return this.#receiver?.lag().catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { locks, clock, definition, signals } = this.#options;
    const lease = lock(`inbox:${definition.name}`.replaceAll(/[^a-z0-9._-]/g, "."), { lease: limits.inboxLeaseMs });
    let failures = 0;
    while (!signal.aborted) {
      try {
        await locks.hold(lease, (held) => this.#receiveAll(AbortSignal.any([held.signal, signal]), () => (failures = 0)), { wait: 0 });
      } catch (error) {
        const isHeld = error instanceof Fault && (error.type === "lock_held" || error.type === "lock_lost" || error.type === "inbox_moved");
        if (!isHeld && !signal.aborted) {
          failures++;
          signals.failing.publish({ subscription: definition.name, broker: definition.receiver.broker, error });
        }
      }
      const pauseMs = failures === 0 ? limits.inboxRoomMs : reopening.delayMs(failures, clock.random());
      await sleep(clock, pauseMs, signal).catch(() => undefined);
    }
  }

  /** Receives until the signal aborts, or something fails: then it begins again from what is stored. */
  async #receiveAll(signal: AbortSignal, works: () => void): Promise<void> {
    const { store, clock, definition, signals } = this.#options;
    const { name, receiver: source } = definition;
    const positions = new Map(await store.positions(name));
    const receiver = await source.openReceiver({ clock, name, positions });
    this.#receiver = receiver;
    signals.receiving.publish({ subscription: name, isOpen: true });
    try {
      while (!signal.aborted) {
        await this.#room(signal);
        if (signal.aborted) return;
        const bounds = { messages: limits.inboxBatch, bytes: limits.inboxBatchBytes, waitMs: limits.inboxWaitMs };
        const batch = await receiver.receive(bounds, signal);
        works();
        if (batch === undefined || batch.messages.length === 0) continue;
        await this.#store(batch, positions);
        await receiver.stored(batch);
      }
    } finally {
      this.#receiver = undefined;
      signals.receiving.publish({ subscription: name, isOpen: false });
      await receiver.close();
    }
  }

  async #store({ shard, messages, position }: IncomingBatch, positions: Map<string, string>): Promise<void> {
    const { store, signals, definition, committed } = this.#options;
    const { name, receiver } = definition;
    const events = new Map<string, ReceivedEvent>();
    const refused: RefusedMessage[] = [];
    let ignored = 0;
    let duplicates = 0;
    for (const message of messages) {
      const read = readMessage(definition, shard, message);
      if (read.refused !== undefined) refused.push(read.refused);
      else if (read.event === undefined) ignored++;
      else if (events.has(read.event.id)) duplicates++;
      else events.set(read.event.id, read.event);
    }
    const from = positions.get(shard);
    const received = await store.receive({ subscription: name, shard, from, to: position, events: [...events.values()], refused });
    if (received === undefined) throw moved(name, shard);
    if (position !== undefined) positions.set(shard, position);
    this.#since += received;
    duplicates += events.size - received;
    if (received > 0) committed(new Set([...events.values()].map((event) => event.name)));
    const { broker } = receiver;
    for (const { place, reason } of refused) signals.deadLettered.publish({ subscription: name, broker, place, reason });
    signals.received.publish({ subscription: name, broker, shard, events: received, duplicates, ignored, refused: refused.length });
  }

  /** Waits until the subscription has handled enough of what it received. */
  async #room(signal: AbortSignal): Promise<void> {
    const { admin, clock, definition, signals } = this.#options;
    const { name, names } = definition;
    if (this.#since < limits.inboxUnhandled / 4) return;
    while (!signal.aborted) {
      const [stats] = await admin.stats({ [name]: names }, [name]);
      const unhandled = (stats?.lag ?? 0) + (stats?.parked ?? 0);
      this.#since = unhandled;
      if (unhandled < limits.inboxUnhandled) return;
      signals.full.publish({ subscription: name, unhandled });
      await sleep(clock, limits.inboxRoomMs, signal).catch(() => undefined);
    }
  }
}

const moved = (subscription: string, shard: string): Fault =>
  new Fault({
    code: "aborted",
    type: "inbox_moved",
    message: `Another process has received ${shard} for ${subscription} meanwhile, so this one begins again from what is stored. No action is needed.`,
  });
