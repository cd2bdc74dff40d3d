import type { Clock } from "../../core/clock.ts";
import type { Service } from "../../core/service.ts";
import type { Statement } from "../transaction.ts";

/** A process with kept values, as what connects it to the other processes of its app sees it. */
export interface CacheHost {
  /** The same in every process of the app. */
  readonly app: string;
  readonly clock: Clock;
  /** Takes tags that a transaction of any process invalidated; `[everything]` is all values. */
  invalidated(tags: readonly string[]): void;
  /** Every invalidation of another process up to that moment, of the clock's monotonic time, has been passed to {@link invalidated}. */
  confirmed(at: number): void;
  /** Some may never arrive: values that were loaded before are not used any more. */
  missed(): void;
}

/** The tag that every value has: what invalidates it invalidates all. No caller can write it, as a tag has no line break. */
export const everything = "\n";

/** Tells other processes which tags a transaction invalidates, as part of the transaction. */
export interface InvalidationChannel {
  /** Started after the database, in processes that keep values. */
  readonly service: Service;
  /** The statement by which a transaction invalidates tags if, and when, it commits. */
  statement(tags: readonly string[]): Statement;
  /** The same without a transaction, for one that has committed. */
  notify(tags: readonly string[]): Promise<void>;
}

/** Opens the channel of one process; opens no connection yet. */
export interface InvalidationChannelSource {
  open(host: CacheHost): InvalidationChannel;
}
