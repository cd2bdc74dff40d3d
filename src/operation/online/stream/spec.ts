import type { Duration } from "../../../core/duration.ts";
import type { AnySchema, Output, Schema } from "../../../core/schema/standard.ts";

/** Describes a stream of items: their schema, how a client continues after the last one that it got, and how long the stream may take. */
export interface StreamSpec<S extends AnySchema> {
  readonly item: S;
  /**
   * Returns the id of an item. A client that reconnects names the last one that it got, and the handler has it as `lastEventId`. *Default*: items have no ids.
   * *Bounds*: 1 to `limits.streamIdChars` printable ASCII characters.
   */
  readonly id?: (item: Output<NoInfer<S>>) => string;
  /** How long the handler may take for the next item, once the stream is open. *Default*: 5 min. *Bounds*: 1 ms to 1 h. */
  readonly idle?: Duration;
  /** How long the stream may be open; it ends up to a tenth sooner, so that streams of one moment do not end together. *Default*: 1 h. *Bounds*: 1 ms to 24 h. */
  readonly longest?: Duration;
  /** After how long without an item a sign of life is sent. *Default*: 15 s. *Bounds*: 100 ms to 1 h. */
  readonly heartbeat?: Duration;
}

/** What an operation writes for its stream: the schema of an item, or all of it. */
export type Streamed<S extends AnySchema> = S | StreamSpec<S>;

/** A stream as an operation declares it, in its run-time form. */
export type AnyStream = Schema | (Omit<StreamSpec<Schema>, "id"> & { readonly id?: (item: never) => string });

/** Returns a declared stream in its long form. */
export function streamOf(stream: AnyStream): Exclude<AnyStream, Schema> {
  return "~standard" in stream ? { item: stream } : stream;
}
