import type { Timer } from "../../core/clock.ts";
import { toFault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { messageOf } from "../../core/value/thrown.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import type { EventBatch, StoredEvent } from "../ports/log-store.ts";
import type { InlineState, ProjectionTable, Rebuild } from "../ports/projection-store.ts";
import type { EventStore } from "../ports/store.ts";
import type { Hold, OwnedPartition, ParkedEvent } from "../ports/subscription-store.ts";
import { comparePositions, type Position } from "../position.ts";
import type { EventSignals } from "../signals.ts";
import type { LogReader } from "../worker/log-reader.ts";
import { type ProjectionDefinition, skippedKeyOf } from "./definition.ts";
import { Batch, Inapplicable } from "./fold.ts";
import { describe } from "./inline.ts";
import { partsOf, reasonOf } from "./parts.ts";

/** What keeping a projection needs. */
export interface ProjectorOptions {
  readonly runtime: Pick<Runtime, "clock">;
  readonly definition: ProjectionDefinition;
  readonly store: {
    readonly log: Pick<EventStore["log"], "read">;
    readonly subscriptions: Pick<EventStore["subscriptions"], "deadLetter" | "failParked">;
    readonly projections: EventStore["projections"];
  };
  readonly signals: EventSignals;
}

/** A part of the log: its events, and how far it goes. */
interface Stretch {
  readonly events: readonly StoredEvent[];
  readonly through: Position;
}

const firstAgainMs = 5;
/** How many batches a rebuild applies before the events that came meanwhile. */
const rebuildTurns = 4;

/**
 * Keeps one projection while this process has it: applies events to its table in their order, each batch in one transaction with the position, and fills the table
 * of a rebuild beside it. *Guarantees*: an event that cannot be applied is set aside with its reason, alone; what cannot be reached is tried again.
 */
export class Projector implements LogReader {
  readonly definition: ProjectionDefinition;
  readonly #options: ProjectorOptions;
  #hold: Hold | undefined;
  #position: Position | undefined;
  #rebuild: Rebuild | undefined;
  /** Of one that commands keep; undefined of others. */
  #inline: InlineState | undefined;
  #state: "open" | "paused" | "closed" = "open";
  #working: Promise<void> | undefined;
  #worksAgain = false;
  #againMs = firstAgainMs;
  #againTimer: Timer | undefined;
  readonly #due: ParkedEvent[] = [];
  /** Why the last turn failed; undefined where it did not. */
  failure: string | undefined;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.definition = options.definition;
  }

  get readTo(): Position | undefined {
    return this.#hold && this.#position;
  }
  get partitions(): number {
    return this.#hold === undefined ? 0 : 1;
  }

  get handlesParked(): boolean {
    return this.#isOpen && this.#due.length > 0;
  }

  /** Finds its table. *Faults thrown*: `failed_precondition` of type `projection_table`. */
  async describe(): Promise<void> {
    await describe(this.#options.store.projections, this.definition);
  }

  /** Says, at the start, how it is kept. What commands kept before, and do not any more, is made again. */
  async declare(): Promise<void> {
    const { projections } = this.#options.store;
    const { name, names, isInline } = this.definition;
    if (isInline) await projections.inline.declare(name, names);
    else if (await projections.inline.end(name)) await projections.begin(name, this.#table, names);
  }

  async adopt([owned]: readonly OwnedPartition[], { isPaused }: { readonly isPaused: boolean }): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = isPaused ? "paused" : "open";
    if (owned === undefined) return this.abandon();
    const { subscription, partition, fence, epoch, xid, seq } = owned;
    if (this.#hold?.fence !== fence) {
      this.#hold = { subscription, partition, fence };
      this.#position = { epoch, xid, seq };
    }
    const found = await this.#findRebuild();
    // The one that this process moves is further than what was read just now.
    if (found === undefined || this.#rebuild === undefined || comparePositions(this.#rebuild, found) < 0) this.#rebuild = found;
    if (found !== undefined || this.#inline === "filling") this.wake();
  }

  /** The rebuild that is under way; of one that missed an event in a command, it begins by itself. */
  async #findRebuild(): Promise<Rebuild | undefined> {
    const { projections } = this.#options.store;
    const { name, names, isInline } = this.definition;
    const find = async () => (await projections.rebuilds()).find((rebuild) => rebuild.name === name);
    if (!isInline) return find();
    this.#inline = await projections.inline.state(name);
    const found = await find();
    if (this.#inline === "cut" && found === undefined) this.failure = eventsDropped;
    if (found !== undefined || this.#inline !== "stale") return found;
    try {
      await projections.begin(name, this.#table, names);
    } catch (error) {
      this.failure = messageOf(error);
      this.#options.signals.failing.publish({ error });
    }
    return find();
  }

  dueTakers(): readonly number[] {
    return this.#isOpen && this.#due.length === 0 ? [0] : [];
  }

  /** Nothing of a projection is parked but what a person asked for once more. */
  takeDue(events: readonly ParkedEvent[]): void {
    if (events.length === 0) return;
    this.#due.push(...events.filter(({ id }) => !this.#due.some((known) => known.id === id)));
    this.wake();
  }

  announced(): void {
    this.#againMs = firstAgainMs;
    this.wake(true);
  }

  wake(expected = false): void {
    this.#worksAgain = true;
    this.#working ??= this.#work(expected).finally(() => {
      this.#working = undefined;
      if (this.#worksAgain && this.#isOpen) this.wake();
    });
  }

  close(): void {
    this.#state = "closed";
    this.#againTimer?.cancel();
  }

  abandon(): void {
    if (this.#hold !== undefined) this.#options.signals.lost.publish({ subscription: this.definition.name, partition: 0 });
    this.#hold = undefined;
    this.#position = undefined;
    this.#rebuild = undefined;
    this.#due.length = 0;
  }

  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** Nothing is applied to its table here then. */
  get #isKeptByCommands(): boolean {
    return this.#inline !== undefined && this.#inline !== "filling";
  }

  get #isOpen(): boolean {
    return this.#state === "open" && this.#hold !== undefined;
  }

  async #work(expected: boolean): Promise<void> {
    let found = false;
    try {
      while (this.#worksAgain && this.#isOpen) {
        this.#worksAgain = false;
        while (this.#isOpen && (await this.#turn())) found = true;
      }
      this.failure = undefined;
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (found) this.#againMs = firstAgainMs;
    else if (expected && this.#isOpen) this.#workLater();
  }

  #failed(error: unknown): void {
    const fault = toFault(error);
    if (fault.type === "lease_lost") {
      // The next heartbeat says who has it, and where it stands.
      this.#hold = undefined;
      this.#rebuild = undefined;
      this.#due.length = 0;
      return;
    }
    this.failure = messageOf(fault.cause ?? fault);
    this.#options.signals.failing.publish({ error });
    this.#workLater(limits.eventPollMs);
  }

  #workLater(delayMs = this.#againMs): void {
    // The next regular look comes no later.
    if (delayMs > limits.eventPollMs) return;
    this.#againMs = delayMs * 2;
    this.#againTimer?.cancel();
    this.#againTimer = this.#options.runtime.clock.schedule(delayMs, () => this.wake(true));
  }

  /** Applies what came, then a part of the rebuild. Returns whether there may be more. */
  async #turn(): Promise<boolean> {
    await this.#applyDue();
    const came = await this.#applyNext();
    const rebuild = this.#rebuild;
    if (rebuild === undefined) {
      if (!came && this.#inline === "filling") await this.#goLive();
      return came;
    }
    for (let turn = 0; turn < rebuildTurns && this.#isOpen; turn++) if (!(await this.#rebuildNext())) return (await this.#swap()) || came;
    return true;
  }

  async #applyDue(): Promise<void> {
    const [hold, { store, signals }] = [this.#hold, this.#options];
    for (let event = this.#due[0]; hold !== undefined && event !== undefined; event = this.#due[0]) {
      try {
        if (this.#isKeptByCommands) throw new Inapplicable(event, "inline", keptByCommands);
        if (this.definition.compiled.projection.search !== undefined) throw new Inapplicable(event, "behind", documentIsAhead);
        const batch = new Batch(this.definition, [event]);
        const write = { hold, table: this.#table, groups: batch.groups, move: { through: event, parked: event.orderKey } };
        await store.projections.apply(write, (...found) => batch.change(...found));
        signals.projected.publish({ projection: this.definition.name, events: 1, lagMs: 0 });
      } catch (error) {
        const parts = partsOf(error, [event]);
        if (parts === undefined) throw error;
        await store.subscriptions.failParked(hold, event, { ...reasonOf(error), attempt: event.attempt + 1, due: "final" });
      }
      this.#due.shift();
    }
  }

  async #applyNext(): Promise<boolean> {
    const [hold, position] = [this.#hold, this.#position];
    if (hold === undefined || position === undefined) return false;
    const { events, through } = await this.#read(position);
    if (through === undefined) return false;
    if (this.#isKeptByCommands) {
      await this.#options.store.projections.inline.pass(hold, through);
      this.#passed(hold, [], through);
    } else await this.#apply(hold, position, { events, through });
    return true;
  }

  #read(after: Position): Promise<EventBatch> {
    const bounds = { scan: limits.projectionScan, bytes: limits.eventReadBytes };
    return this.#options.store.log.read(this.definition.names, after, bounds);
  }

  get #table(): ProjectionTable {
    return this.definition.table as ProjectionTable;
  }

  /**
   * Applies events behind a position; those that cannot be applied are skipped one by one. What this process has may be another's at any moment: so each write says
   * from where it begins, and under which fence.
   */
  async #apply(hold: Hold, from: Position, { events, through }: Stretch): Promise<void> {
    const { projections } = this.#options.store;
    const move = { from, through };
    try {
      const batch = new Batch(this.definition, events);
      const write = { hold, table: this.#table, groups: batch.groups, move };
      await projections.apply(write, (...found) => batch.change(...found));
      this.#passed(hold, events, through);
    } catch (error) {
      const parts = partsOf(error, events);
      if (parts === undefined) throw error;
      const { before, bad, after } = parts;
      let reached = from;
      const last = before.at(-1);
      if (last !== undefined) {
        await this.#apply(hold, reached, { events: before, through: last });
        reached = last;
      }
      if (bad !== undefined) {
        await this.#skip(hold, bad, error);
        reached = bad;
      }
      if (comparePositions(reached, through) < 0) await this.#apply(hold, reached, { events: after, through });
    }
  }

  /** Where the partition was lost and taken again meanwhile, the store says where it stands. */
  #passed(hold: Hold, events: readonly StoredEvent[], { epoch, xid, seq }: Position): void {
    const { signals, runtime } = this.#options;
    if (this.#has(hold)) this.#position = { epoch, xid, seq };
    const last = events.at(-1);
    if (last !== undefined)
      signals.projected.publish({
        ...{ projection: this.definition.name, events: events.length },
        lagMs: Math.max(0, runtime.clock.now() - Date.parse(last.recordedAt)),
      });
  }

  /** Whether this process has the partition still, or again: no other one had it between. */
  #has({ fence }: Hold): boolean {
    return this.#hold?.fence === fence;
  }

  async #skip(hold: Hold, event: StoredEvent, error: unknown): Promise<void> {
    const { store, signals } = this.#options;
    const failed = reasonOf(error);
    await store.subscriptions.deadLetter(hold, event, { ...failed, attempt: 1, orderKey: skippedKeyOf(event) });
    this.#passed(hold, [], event);
    signals.skipped.publish({ projection: this.definition.name, id: event.id, event: event.name, key: event.key, reason: failed.reason });
  }

  /** Returns false where it has come as far as can be read. */
  async #rebuildNext(): Promise<boolean> {
    const [hold, rebuild] = [this.#hold, this.#rebuild];
    if (hold === undefined || rebuild === undefined) return false;
    const { events, through } = await this.#read(rebuild);
    if (through === undefined) return false;
    await this.#fill(hold, rebuild, { events, through });
    return true;
  }

  /** As `#apply`; what cannot be applied was reported when it came, or is when it comes. Returns how far the rebuild is. */
  async #fill(hold: Hold, from: Rebuild, { events, through }: Stretch): Promise<Rebuild> {
    const { projections } = this.#options.store;
    const move = { from, through, rebuild: events.length };
    try {
      const batch = new Batch(this.definition, events);
      const write = { hold, table: this.#table, groups: batch.groups, move };
      await projections.apply(write, (...found) => batch.change(...found));
      const { epoch, xid, seq } = through;
      const reached = { ...from, epoch, xid, seq };
      if (this.#has(hold)) this.#rebuild = reached;
      return reached;
    } catch (error) {
      const parts = partsOf(error, events);
      if (parts === undefined) throw error;
      const { before, after } = parts;
      const last = before.at(-1);
      const reached = last === undefined ? from : await this.#fill(hold, from, { events: before, through: last });
      return this.#fill(hold, reached, { events: after, through });
    }
  }

  async #swap(): Promise<boolean> {
    const [hold, position, rebuild] = [this.#hold, this.#position, this.#rebuild];
    if (hold === undefined || position === undefined || rebuild === undefined || comparePositions(rebuild, position) < 0) return false;
    if (this.definition.isInline) return this.#goLive();
    const { store, signals } = this.#options;
    if (!(await store.projections.swap(hold, this.#table))) {
      // Readers hold the table, or it is further than the rebuild.
      this.#workLater(limits.eventPollMs / 10);
      return false;
    }
    if (this.#has(hold)) this.#position = { epoch: rebuild.epoch, xid: rebuild.xid, seq: rebuild.seq };
    this.#rebuild = undefined;
    signals.rebuilt.publish({ projection: this.definition.name });
    return true;
  }

  /** Has commands keep it from here on, with the table of a rebuild where there is one. */
  async #goLive(): Promise<boolean> {
    const [hold, rebuild] = [this.#hold, this.#rebuild];
    if (hold === undefined) return false;
    const { store, signals } = this.#options;
    const { name, names } = this.definition;
    const of = { table: this.#table, names, beside: rebuild !== undefined };
    const isLive = await store.projections.inline
      .goLive(hold, of, async (events) => new Batch(this.definition, events))
      .catch((error: unknown) => {
        // One that cannot be applied is skipped as others are, once it can be read.
        if (error instanceof Inapplicable) return false;
        throw error;
      });
    if (!isLive) {
      this.#workLater(limits.eventPollMs / 10);
      return false;
    }
    this.#inline = "live";
    this.#rebuild = undefined;
    if (rebuild !== undefined) signals.rebuilt.publish({ projection: name });
    return true;
  }
}

const eventsDropped =
  "A process of another deploy emitted events that it misses, and the log has dropped others, so it is not made again by itself. Rebuild it where those that are kept will do.";
const documentIsAhead = "Its document has later events. Rebuild the index, with code that applies the event.";
const keptByCommands = "Commands keep this projection. Rebuild it, with code that applies the event.";
