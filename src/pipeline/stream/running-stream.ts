import type { Expiring } from "../../core/deadline.ts";
import type { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Problems } from "../../core/schema.ts";
import type { StreamEnd, StreamFacts } from "../../operation/execution.ts";
import { invalidOutput } from "../faults.ts";
import type { CompiledStream } from "./compiled-stream.ts";
import { isStreamId, itemIdInvalid, itemTooLarge, streamIdle, streamInterrupted, streamUnread } from "./faults.ts";
import { Inbox } from "./inbox.ts";
import type { StreamPlace } from "./places.ts";
import type { StreamSink } from "./sink.ts";
import type { StreamedExecution } from "./streamed.ts";

/** What ends when the execution of its stream is stopped. */
export interface Stopping {
  stop(fault: Fault): void;
}

/**
 * The stream of one execution: when it opens, what it sends, and when it must end. One entry on the wheel of its process stands for all of its times; an item
 * moves none of them, and the entry looks when it is due.
 */
export class RunningStream implements Expiring {
  readonly place: StreamPlace;
  /** What ended it before it was complete, for its client. */
  interruption: Fault | undefined = undefined;
  /** The messages of its client; undefined where it sends none. */
  readonly incoming: Inbox | undefined;
  // The wheel.
  deadlineAt = 0;
  wheelNext: Expiring | undefined = undefined;
  wheelPrevious: Expiring | undefined = undefined;
  wheelSlot = -1;
  readonly #execution: StreamedExecution;
  readonly #declared: CompiledStream;
  #sink: StreamSink | undefined = undefined;
  #ended: StreamEnd | undefined = undefined;
  #items = 0;
  #calls = 0;
  #openedAt = 0;
  #longestAt = 0;
  /** Since when the handler is asked for an item, or the client has one to take. */
  #waitsSince = 0;
  #sentAt = 0;
  #isFull = false;
  #drained: (() => void) | undefined = undefined;
  // Not listeners of the signal of the execution: that and they would take as much memory as all the rest of a stream that waits.
  #stopping: Stopping[] = [];

  constructor(execution: StreamedExecution, declared: CompiledStream, place: StreamPlace) {
    this.#execution = execution;
    this.#declared = declared;
    this.place = place;
    const { receives } = execution.compiled;
    if (receives !== undefined)
      this.incoming = new Inbox(receives, execution.host.clock, { asked: () => this.open(), drained: () => this.#sink?.goOn?.() });
  }

  get isOpen(): boolean {
    return this.#sink !== undefined;
  }

  /** A message of its client has come. */
  received(): void {
    this.#waits(this.#execution.host.clock.monotonic());
  }

  /** What the wide event says of it; undefined where it never opened. */
  get facts(): StreamFacts | undefined {
    if (this.#sink === undefined) return undefined;
    const { acceptedAt } = this.#execution;
    const openedMs = this.#openedAt - acceptedAt;
    return { items: this.#items, bytes: this.#sink.bytes, openedMs, ended: this.#ended ?? "complete" };
  }

  /** Begins the response, once: the deadline is met, and the slots are free for others. */
  open(): void {
    const execution = this.#execution;
    if (this.#sink !== undefined || execution.settled) return;
    const { host } = execution;
    this.#sink = execution.openStream(() => this.#takesMore());
    const now = host.clock.monotonic();
    this.#openedAt = now;
    this.#sentAt = now;
    this.#longestAt = now + this.#declared.longestMs * (1 - host.clock.random() / 10);
    this.#waits(now);
    this.#arm();
    if (host.streams.closing) this.interrupt("stopping");
  }

  /** The handler is asked for the next item: what it calls for it has a budget of its own, and as long as the stream may be idle. */
  pulls(): void {
    if (this.#sink === undefined) return;
    const now = this.#execution.host.clock.monotonic();
    this.#waits(now);
    this.#execution.nextItem(now + this.#declared.idleMs);
  }

  /**
   * Checks an item and sends it. Returns what to wait for if the client must read first.
   * *Faults thrown*: `internal` of type `invalid_output`.
   */
  push(item: unknown): Promise<void> | undefined {
    const { compiled } = this.#execution;
    const whole = compiled.output.stringify(item);
    if (whole instanceof Problems) throw invalidOutput(compiled.name, whole);
    return this.pushJson(whole);
  }

  /** Sends an item that is checked and shaped, as JSON. Returns what to wait for if the client must read first. */
  pushJson(whole: string): Promise<void> | undefined {
    const { compiled, host } = this.#execution;
    const json = compiled.views === undefined ? whole : compiled.views.jsonFor(this.#execution, whole);
    // A character takes three bytes at the most, so that what is small need not be measured.
    const bytes = json.length * 3 > limits.streamItemBytes ? Buffer.byteLength(json) : 0;
    if (bytes > limits.streamItemBytes) throw itemTooLarge(compiled.name, bytes);
    const id = this.#declared.id?.((compiled.views === undefined ? JSON.parse(json) : compiled.views.common(whole)) as never);
    if (this.#declared.id !== undefined && !isStreamId(id)) throw itemIdInvalid(compiled.name);
    this.open();
    if (this.#execution.settled) return undefined;
    this.#items++;
    this.#sentAt = host.clock.monotonic();
    if (this.#sink?.send(json, id) !== false) return undefined;
    this.#isFull = true;
    this.#waits(this.#sentAt);
    this.#arm();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  /** An operation that its handler calls begins, and ends: what has ended is let go of, since a stream may call for as long as it is open. */
  callStarts(): void {
    this.#calls++;
  }
  callEnds(): void {
    if (--this.#calls === 0) this.#execution.transactions.length = 0;
  }

  /** Ends it from outside, without a fault: what it sent so far is good. */
  interrupt(end: "longest" | "stopping"): void {
    if (this.#sink === undefined || this.#execution.settled) return;
    this.#ended = end;
    this.interruption = streamInterrupted(end, this.#execution.host.clock.random());
    this.#execution.stop(this.interruption, { succeeds: true });
  }

  /** The process that runs it has ended it so, with this fault. What it sent so far is good, unless it failed. */
  endedAway(end: StreamEnd, fault: Fault): void {
    if (this.#execution.settled) return;
    this.#ended = end;
    const succeeds = end === "longest" || end === "stopping";
    if (succeeds) this.interruption = fault;
    this.#execution.stop(fault, { succeeds });
  }

  /** Has *one* called when the execution is stopped, until it is let go of. */
  onStop(one: Stopping): void {
    this.#stopping.push(one);
  }
  forgets(one: Stopping): void {
    const index = this.#stopping.indexOf(one);
    if (index >= 0) this.#stopping.splice(index, 1);
  }

  /** The execution was stopped: what it waits for ends. */
  stopped(fault: Fault): void {
    for (const one of this.#stopping.splice(0)) one.stop(fault);
  }

  /** The execution has an outcome. */
  settles(fault: Fault | undefined): void {
    this.#execution.host.wheel.remove(this);
    this.#ended ??= fault === undefined ? "complete" : fault.code === "cancelled" ? "left" : "failed";
    this.#takesMore();
  }

  expire(): void {
    const now = this.#execution.host.clock.monotonic();
    if (now >= this.#longestAt) return this.interrupt("longest");
    const { name } = this.#execution.compiled;
    if (now >= this.#waitsSince + this.#patienceMs)
      return this.#isFull ? this.#fails("unread", streamUnread(name)) : this.#fails("idle", streamIdle(name, this.#declared.idleMs));
    if (!this.#isFull && now >= this.#sentAt + this.#declared.heartbeatMs) {
      this.#sentAt = now;
      this.#sink?.beat();
    }
    this.#arm();
  }

  get #patienceMs(): number {
    return this.#isFull ? (this.#sink?.stallMs ?? 0) : this.#declared.idleMs;
  }

  #fails(end: StreamEnd, fault: Fault): void {
    this.#ended = end;
    this.#execution.stop(fault);
  }

  #waits(now: number): void {
    this.#waitsSince = now;
  }

  #takesMore(): void {
    const wasFull = this.#isFull;
    this.#isFull = false;
    // It was armed for a client that does not read.
    if (wasFull && !this.#execution.settled) this.#arm();
    this.#drained?.();
    this.#drained = undefined;
  }

  #arm(): void {
    const { wheel } = this.#execution.host;
    wheel.remove(this);
    const beatAt = this.#isFull ? Number.POSITIVE_INFINITY : this.#sentAt + this.#declared.heartbeatMs;
    this.deadlineAt = Math.min(this.#longestAt, this.#waitsSince + this.#patienceMs, beatAt);
    wheel.add(this);
  }
}
