import { limits } from "../../core/limits.ts";
import type { StoredEvent } from "../ports/log-store.ts";
import type { Hold, OwnedPartition, ParkedEvent } from "../ports/subscription-store.ts";
import { comparePositions, type Position } from "../position.ts";
import type { EventInvocation } from "./invocation.ts";

/** A partition that this process has: what it has read of it, and how far it is. */
export class Partition {
  readonly hold: Hold;
  /** Everything up to here is done, or set aside. */
  position: Position;
  /** The same, as far as the store has it. */
  written: Position;
  /** Everything up to here is done, or waits in the queue. */
  readTo: Position;
  readonly queue: StoredEvent[] = [];
  /** Parked events that are due. */
  readonly due: ParkedEvent[] = [];
  /** The order keys that have parked events: what comes of one is parked behind them. */
  readonly parkedKeys: Set<string>;
  readonly running = new Set<EventInvocation>();
  /** The parked event whose outcome is not written yet: what reads it meanwhile reads what it was before. */
  unsettled: string | undefined;
  /** Parked events of its own may be due that were not read: it had some at hand, or got several. */
  mayHaveMore = false;
  /** An event is being handled, or an outcome written. */
  isBusy = false;
  /** As many events are parked as may be. */
  isFull = false;
  /** Nothing more begins: another process has it, or is to have it. */
  isOver = false;

  constructor({ subscription, partition, fence, ...position }: OwnedPartition, parkedKeys: Iterable<string>) {
    const { epoch, xid, seq } = position;
    this.hold = { subscription, partition, fence };
    this.position = { epoch, xid, seq };
    this.written = this.position;
    this.readTo = this.position;
    this.parkedKeys = new Set(parkedKeys);
  }

  /** Whether a read for it is worth it. */
  get hasRoom(): boolean {
    return !this.isOver && this.queue.length <= limits.eventsWaiting / 2;
  }

  get isDirty(): boolean {
    return !this.isOver && comparePositions(this.written, this.position) < 0;
  }

  /**
   * Whether parked events are to be read for it: only where it has none at hand. So those that wait keep out no others, and none is done between the read and its
   * result.
   */
  get takesDue(): boolean {
    return !this.isOver && this.due.length === 0 && this.unsettled === undefined;
  }

  /** Takes an event that was read; false where it has no room, and is to be read again. Those that it has already are left out. */
  take(event: StoredEvent): boolean {
    if (comparePositions(event, this.readTo) <= 0) return true;
    if (this.queue.length >= limits.eventsWaiting) return false;
    this.queue.push(event);
    this.readTo = event;
    return true;
  }

  /** The log was read up to there, and what was its own of it was taken. */
  readThrough(through: Position): void {
    if (comparePositions(this.readTo, through) < 0) this.readTo = through;
  }

  /** An event is done or set aside. */
  passed(event: Position): void {
    if (comparePositions(this.position, event) < 0) this.position = { epoch: event.epoch, xid: event.xid, seq: event.seq };
  }

  /** Where nothing of it waits or runs, it is as far as it was read. */
  rest(): void {
    if (!this.isBusy && this.queue.length === 0) this.passed(this.readTo);
  }

  /** Takes a parked event that is due, unless it is at hand already. */
  takeDue(event: ParkedEvent): void {
    const known = this.unsettled === event.id || this.due.some(({ id }) => id === event.id);
    if (!known) this.due.push(event);
    this.mayHaveMore ||= this.due.length > 1;
  }
}
