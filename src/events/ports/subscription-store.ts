import type { Statement } from "../../operation/transaction.ts";
import type { Position } from "../position.ts";
import type { StoredEvent, SubscriptionCode } from "./log-store.ts";

/** A partition that this worker has. */
export interface OwnedPartition extends Position {
  readonly subscription: string;
  readonly partition: number;
  readonly fence: number;
}

/** Which partition of which subscription, under which lease. */
export type Hold = Pick<OwnedPartition, "subscription" | "partition" | "fence">;

/** An event that is parked. `orderKey`: its tenant and key. */
export interface ParkedEvent extends StoredEvent {
  readonly subscription: string;
  readonly partition: number;
  readonly orderKey: string;
  readonly attempt: number;
}

/** What a heartbeat found; `undefined`: the lease is lost. */
export interface HeartbeatState {
  readonly owned: readonly OwnedPartition[];
  /** How many partitions of each subscription this worker should have. */
  readonly shares: ReadonlyMap<string, number>;
  readonly paused: ReadonlySet<string>;
}

/** How an attempt failed, as it is kept. */
export interface FailedEvent {
  readonly attempt: number;
  readonly code: string | null;
  readonly reason: string | null;
}

/** When a parked event is due: after some time, behind those of its key, or once a person acts. */
export type Due = { readonly afterMs: number } | "behind" | "stopped";

/** The life of a worker of subscriptions. *Faults thrown*: `unavailable`. */
export interface SubscriptionLeases {
  /** Makes a subscription where there is none. Returns the number of its partitions. */
  declare(name: string, partitions: number, from: "now" | "beginning"): Promise<number>;
  /**
   * Says which events the code of this process takes, so that earlier code leaves them to it. Does nothing for a subscription that does not exist yet.
   * `starts`: the process starts; only then can code that was gone be deployed again.
   */
  noteCode(code: readonly SubscriptionCode[], how: { readonly starts: boolean }): Promise<void>;
  join(name: string, subscriptions: readonly string[]): Promise<number>;
  leave(token: number): Promise<void>;
  heartbeat(token: number, subscriptions: readonly string[]): Promise<HeartbeatState | undefined>;
  release(subscription: string, holds: readonly Hold[]): Promise<void>;
}

/**
 * The positions of subscriptions, and what they set aside.
 * *Faults thrown*: `aborted` of type `lease_lost` where another worker has the partition, or the event is done already; `unavailable`.
 */
export interface SubscriptionStore extends SubscriptionLeases {
  /** Moves positions on, and returns the partitions that the worker still has. */
  advance(subscription: string, moves: readonly (Hold & Position)[]): Promise<ReadonlySet<number>>;
  /** Completes an event in the transaction of its handler. */
  completion(hold: Hold, event: Position): Statement;
  parkedCompletion(hold: Hold, event: ParkedEvent): Statement;
  /** Returns false where as many are parked as may be. */
  park(hold: Hold, event: StoredEvent, how: FailedEvent & { readonly orderKey: string; readonly due: Due }): Promise<boolean>;
  deadLetter(hold: Hold, event: StoredEvent, how: FailedEvent & { readonly orderKey: string }): Promise<void>;
  /** These return whether another event of the key is parked. */
  completeParked(hold: Hold, event: ParkedEvent): Promise<boolean>;
  failParked(hold: Hold, event: ParkedEvent, how: FailedEvent & { readonly due: Due | "final" }): Promise<boolean>;
  /** What is parked in these partitions and due, so much of each that none keeps out the others; and in how many milliseconds the next one of them is due. */
  duePark(
    token: number,
    partitions: readonly Pick<Hold, "subscription" | "partition">[],
    limit: number,
  ): Promise<{ readonly events: readonly ParkedEvent[]; readonly nextMs: number | undefined }>;
  /** What newer code of a subscription takes, and this code does not, each as "name version". */
  newerCode(code: SubscriptionCode): Promise<readonly string[]>;
  orderKeys(hold: Hold): Promise<readonly string[]>;
}
