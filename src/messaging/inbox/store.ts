import type { StoredEvent } from "../../events/ports/log-store.ts";

/** A message that is appended to the log, under the name that only its subscription reads. */
export type ReceivedEvent = Omit<StoredEvent, "epoch" | "xid" | "seq" | "recordedAt">;

/** A message that no subscription can handle. */
export interface RefusedMessage {
  readonly id: string;
  readonly place: string;
  readonly reason: string;
  /** JSON. */
  readonly headers: string;
  readonly body: Uint8Array;
}

/** What one transaction receives of a shard. */
export interface Reception {
  readonly subscription: string;
  readonly shard: string;
  /** Where the shard stood when it was read; undefined where it was never received. */
  readonly from: string | undefined;
  /** Where it stands from now on; undefined where the broker keeps that. */
  readonly to: string | undefined;
  readonly events: readonly ReceivedEvent[];
  readonly refused: readonly RefusedMessage[];
}

/** A dead letter as people read it. `body`: base64. */
export interface ReadRefusedMessage extends Omit<RefusedMessage, "body"> {
  readonly subscription: string;
  readonly shard: string;
  readonly died: string;
  readonly body: string;
}

/** Keeps what is received from brokers. *Faults thrown*: `unavailable`. */
export interface InboxStore {
  /** The positions of a subscription by the shard; those that the broker keeps are left out. */
  positions(subscription: string): Promise<ReadonlyMap<string, string>>;
  /**
   * In one transaction: moves the position, appends the events whose ids were not received before, and keeps the refused ones.
   * Returns how many were appended; undefined, with nothing done, where the position has moved meanwhile: another process receives.
   */
  receive(reception: Reception): Promise<number | undefined>;
  deadLetters(subscription: string | undefined, limit: number): Promise<readonly ReadRefusedMessage[]>;
  /** *Bounds*: counts up to `limits.eventCount`. */
  countRefused(subscription: string): Promise<number>;
  /** Deletes what is older than it is kept. */
  keep(bounds: { readonly idsMs: number; readonly deadLetterMs: number }): Promise<void>;
}
