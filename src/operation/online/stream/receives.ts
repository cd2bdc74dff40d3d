import type { AnySchema, Schema } from "../../../core/schema/standard.ts";

/** Describes the messages that a client sends over a WebSocket, and their limits. */
export interface ReceivesSpec<R extends AnySchema> {
  readonly message: R;
  /** *Units*: bytes. *Default*: `limits.webSocketMessageBytes`. *Bounds*: 1 to 16 MiB. */
  readonly bytesMax?: number;
  /** Messages in a second, on average and at once. *Default*: `limits.webSocketPerSecond`. *Bounds*: 1 to 10,000. */
  readonly perSecond?: number;
  /** The subprotocols that are served, the preferred one first. *Default*: none. */
  readonly protocols?: readonly string[];
}

/** What an operation writes for what it receives: the schema of a message, or all of it. */
export type Received<R extends AnySchema> = R | ReceivesSpec<R>;

/** What the handler of a WebSocket has beside the scope of a stream. */
export interface Incoming<M> {
  /**
   * The messages of the client, each validated, in their order; it ends when the client closes. The connection opens when the handler first asks for one, yields
   * one or calls `open`. *Bounds*: `limits.webSocketWaiting` messages wait; then no more is read of the connection.
   */
  readonly incoming: AsyncIterable<M>;
}

/** Returns what is received in its long form. */
export function receivesOf(receives: Schema | ReceivesSpec<Schema>): ReceivesSpec<Schema> {
  return "~standard" in receives ? { message: receives } : receives;
}
