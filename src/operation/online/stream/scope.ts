import type { Duration } from "../../../core/duration.ts";
import type { AnySchema, Input, Output } from "../../../core/schema/standard.ts";
import type { Hint } from "../../../core/value/hint.ts";
import type { Query } from "../../contract.ts";
import type { AnyFault, BaseScope, Outbound } from "../../scope.ts";
import type { WrittenHolder } from "./written.ts";

/** What the handler of a stream has beside the scope of its kind. */
export interface Streaming extends WrittenHolder {
  /** The id of the last item that the client got of an earlier stream; undefined for a client that begins. */
  readonly lastEventId: string | undefined;
  /** Begins the response before there is an item: from then on `idle` counts instead of the deadline. The first item does the same. */
  open(): void;
  /** Waits. It rejects when the stream ends meanwhile. *Bounds*: shorter than `idle`, or the stream ends. */
  pause(wait: Duration): Promise<void>;
}

/** What the handler of a stream returns: an async generator, or anything that can be iterated likewise. */
export type Items<S extends AnySchema> = AsyncIterable<Input<S>> | Promise<AsyncIterable<Input<S>>>;

/** The scope of a stream of a query: no transaction of its own; each call of a query is one. */
export interface ReadStreamScope<F extends AnyFault = AnyFault> extends BaseScope<F>, Streaming {
  /** Runs a query in a transaction of its own, which has ended when this resolves: none is open while the stream waits for its client. */
  call<I extends AnySchema, O extends AnySchema>(operation: Hint<ReadHint, Query<I, O>>, input: Input<I>): Promise<Output<O>>;
  /** Measures a call to another service under a name, and passes it a signal and the headers to send. */
  upstream<T>(name: string, work: (outbound: Outbound) => T | Promise<T>): Promise<T>;
}

type ReadHint = "the stream of a query only reads: call commands from the stream of an action";
