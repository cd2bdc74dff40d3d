import type { MessagingHost } from "./sender.ts";

/** A message as it came. */
export interface IncomingMessage {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
  /** The key that the broker has of it; undefined where it has none. */
  readonly key?: string | undefined;
  /** Where it stands in its shard, for people. */
  readonly place: string;
}

/** Messages of one shard, in their order. */
export interface IncomingBatch {
  /** What has an order of its own, such as a partition. */
  readonly shard: string;
  readonly messages: readonly IncomingMessage[];
  /** Where the shard is read on after them; undefined where the broker itself keeps that. */
  readonly position: string | undefined;
}

/** Bounds of one batch. */
export interface BatchBounds {
  readonly messages: number;
  readonly bytes: number;
  /** How long it waits for the first message. *Units*: milliseconds. */
  readonly waitMs: number;
}

/** What a receiver gets when it is opened. */
export interface ReceiverHost extends MessagingHost {
  /** The subscription, by which the broker knows its consumer. */
  readonly name: string;
  /** The positions that are stored, by the shard: everything up to them was received. */
  readonly positions: ReadonlyMap<string, string>;
}

/**
 * Receives the messages of one place of a broker, for one process at a time.
 * *Guarantees asked of an implementation*: every message that the broker keeps comes at least once, those of a shard in their order. What was not stored comes again,
 * before anything behind it, when the receiver is opened again. It holds no more than one batch in memory beside that which is being stored.
 */
export interface MessageReceiver {
  /** Resolves with the next messages; undefined where none came in time, or the signal aborted. *Faults thrown*: `unavailable`; then it is closed and opened again. */
  receive(bounds: BatchBounds, signal: AbortSignal): Promise<IncomingBatch | undefined>;
  /** A batch is stored: the broker may forget it. Batches are stored in the order in which they came. */
  stored(batch: IncomingBatch): Promise<void>;
  /** How many messages the broker has that were not stored; undefined where it does not say. */
  lag(): Promise<number | undefined>;
  /** Resolves when its connections are closed; never rejects. */
  close(): Promise<void>;
}

/** Makes a receiver: what `subscription({ from })` takes. */
export interface ReceiverSource {
  readonly broker: string;
  /** *Faults thrown*: `unavailable` where it is tried again; `failed_precondition` where a package is not installed, or what it names does not exist. */
  openReceiver(host: ReceiverHost): Promise<MessageReceiver>;
}
