import type { Fault } from "../../core/fault.ts";
import type { Problems } from "../../core/schema.ts";
import type { TraceParent } from "../../core/trace.ts";
import type { Actor } from "../../operation/actor.ts";
import type { Criticality, SurfaceFacts } from "../../operation/execution.ts";
import type { Statement } from "../../operation/transaction.ts";
import type { StreamSink } from "../stream/sink.ts";
import type { ShapedOutput } from "./output.ts";
import type { RunningExecution } from "./running-execution.ts";

/** Something that is not done yet: a promise, or what settles in the turn in which it is done. */
export interface Waiting {
  then(done: () => void, failed: (error: unknown) => void): void;
}

/** What a surface brings of one request, and how it takes the outcome. */
export interface Invocation {
  readonly surface: string;
  /** The peer's address, by which strangers are rate-limited; undefined for callers in this process. */
  readonly address: string | undefined;
  /** Whether the event loop read it from a socket, so that it waited for its turn. *Default*: false. */
  readonly polled?: boolean;
  /** Whether it comes from code of this process, which may call for whom it likes. *Default*: false. */
  readonly isInside?: boolean;
  readonly requestId: string | undefined;
  readonly trace: TraceParent | undefined;
  /** What the caller has left. *Units*: milliseconds. */
  readonly remainingMs: number | undefined;
  /** How important the caller says it is. It counts where the caller is internal, or the work durable. *Default*: as the operation declares. */
  readonly criticality?: Criticality | undefined;
  /**
   * What an internal caller has left, in words that count from no other; asked once the caller is known. *Units*: milliseconds. *Default*: nothing is said.
   * *Faults thrown*: `invalid_argument`, where it cannot be read.
   */
  internalRemainingMs?(): number | undefined;
  readonly idempotencyKey: string | undefined;
  /** How many requests it counts as at the rates, where it brings at once what else would be so many. *Default*: 1. *Bounds*: a whole number from 1. */
  readonly charges?: number | undefined;
  /** The position up to which a query is to see what it reads, as `Plimsoll-Position` said it. *Default*: none. */
  readonly after?: string | undefined;
  /** The id of the last item that the client of a stream got before. *Default*: it begins. */
  readonly lastEventId?: string | undefined;
  /** The attempt that it is of durable work. *Default*: it is none, and its caller waits. */
  readonly durable?: Attempt | undefined;
  authenticate(execution: RunningExecution): Actor | Promise<Actor>;
  /** Puts the input on the execution, not validated yet; at once, or when what it returns is done. */
  readInput(execution: RunningExecution): undefined | Waiting;
  /** The fault of an input that its schema refuses, where the surface has a better word for it. *Default*: `invalid_argument` with the problems. */
  refuseInput?(problems: Problems): Fault | undefined;
  /**
   * Writes of the reply whatever can fail, before the output is committed: what it throws undoes the work. It is asked again where the
   * run is repeated after a conflict, and not at all for a replay.
   */
  prepare(output: ShapedOutput): void;
  /**
   * Begins the reply of a stream, once, and returns where its items go. `drained`: called when a sink that was full takes more. After it, `reply` ends the
   * stream. *Default*: the surface has no streams.
   */
  openStream?(execution: RunningExecution, drained: () => void): StreamSink;
  /**
   * Takes the outcome, once, or again with a fault if it throws. The output may be another than was prepared: the one that is kept under the key.
   * Returns the facts to publish.
   */
  reply(execution: RunningExecution): SurfaceFacts | undefined;
}

/** One attempt of durable work, such as a task. */
export interface Attempt {
  /** On whose behalf it was started. */
  readonly tenant: string | undefined;
  /** Stands for the work, whatever the attempt. */
  readonly key: string;
  readonly attempt: number;
  /** Its input with what the schema made of it at the start, where that differs from what it makes now. */
  sameInput(parsed: unknown): unknown;
  /** Its completion, sent with the commit of what the handler writes: fails where the lease is lost. */
  completion(): Statement;
  /** The event that it reacts to, for its handler; undefined where it reacts to none. */
  readonly event?: unknown;
  /** What the event began with, for the events that it emits in turn. */
  readonly correlation?: string;
  /** Runs the handler in a way of its own, with scopes that it makes. *Default*: once, with the scope of a task. */
  handle?(execution: RunningExecution): Promise<void>;
  /** Completed by such a commit. */
  committed: boolean;
}
