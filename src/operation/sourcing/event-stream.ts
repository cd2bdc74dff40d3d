import type { Hint } from "../../core/value/hint.ts";
import type { DomainEvent } from "../events/event.ts";
import type { Decider, NewStreamEvent, StreamEvent } from "./decider.ts";

/** When the state of a stream is kept, so that not all of its events are read. */
export interface SnapshotPolicy {
  /** After so many events. *Bounds*: 1 to `limits.streamEventsRead`. */
  readonly every: number;
  /** Raised with each change of the state's form or of `evolve`: snapshots of other versions are not read. *Default*: 1. */
  readonly version?: number;
}

/** What `eventStream` takes. */
export interface EventStreamSpec<C, S, E extends DomainEvent> {
  /** One line for documents. */
  readonly summary?: string;
  readonly decider: Decider<C, S, E>;
  /** *Default*: none; every load reads all events of the stream. With it the state is kept as JSON, and must be JSON. */
  readonly snapshot?: SnapshotPolicy;
}

/** A kind of streams: each has an id, and is the history of one thing. */
export interface EventStream<N extends string, C, S, E extends DomainEvent> extends EventStreamSpec<C, S, E> {
  readonly kind: "event-stream";
  readonly name: N;
}

/** A kind of streams of any commands, states and events. */
// biome-ignore lint/suspicious/noExplicitAny: streams of all states and events meet in lists; each keeps its own type where it is used.
export type AnyEventStream = EventStream<string, any, any, any>;

/** The kinds of streams that a command may append to. */
export type Streams = readonly AnyEventStream[];

/** The state of a stream, and the number of its events. */
export interface StreamState<S> {
  readonly state: S;
  /** 0: it has no events. */
  readonly version: number;
}

/** One stream, inside the transaction of a command. */
export interface OpenStream<C, S, E extends DomainEvent> {
  /**
   * Returns the state of the stream and its version. The first call in a transaction is one round trip, later ones are none.
   * *Faults thrown*: `internal` of type `stream_unreadable` where the code does not know one of its events or does not take its data, and of
   * type `stream_too_long` above `limits.streamEventsRead`.
   */
  load(): Promise<StreamState<S>>;
  /**
   * Loads the state, decides, and appends the events with the commit: if another transaction appended meanwhile, the commit fails as `aborted`, and the command runs
   * again with the state of then. *Faults thrown*: what `decide` throws, and those of `load`.
   */
  decide(command: C): Promise<StreamState<S> & { readonly events: readonly StreamEvent<E>[] }>;
  /**
   * Appends events with the commit, behind a version that is known, such as 0 for a new stream. It costs no round trip.
   * *Guarantees*: where the stream is at another version, nothing is committed and the command ends as `aborted` of type `stream_conflict`, after it ran again.
   */
  append(events: readonly NewStreamEvent<E>[], at: { readonly version: number }): void;
}

type StreamHint = "list it in the command's streams: a command appends only to what it declares";

/** Opens a stream by its id. Nothing is read before it is asked for. *Bounds*: an id has 1 to `limits.eventKeyChars` characters. */
export type OpenStreams<X extends AnyEventStream> = <T extends X>(
  declared: Hint<StreamHint, T>,
  id: string,
) => T extends EventStream<string, infer C, infer S, infer E> ? OpenStream<C, S, E> : never;

/**
 * Declares a kind of streams. Its module lists it in `streams`, and so does each command that appends to it.
 * *Bounds*: its name is lower case and begins with its module.
 * @example
 * export const accounts = eventStream("bank.account", { decider: account, snapshot: { every: 100 } });
 * // In a command with streams: [accounts]:
 * const { state } = await stream(accounts, accountId).decide({ kind: "deposit", cents });
 */
export function eventStream<const N extends string, C, S, E extends DomainEvent>(
  name: N,
  spec: EventStreamSpec<C, S, E>,
): EventStream<N, C, S, E> {
  return { kind: "event-stream", name, ...spec };
}
