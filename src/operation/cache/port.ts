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

/** A value in a store that processes share. */
export interface StoredValue {
  readonly json: string;
  /** What a surface says beside it, as JSON; empty where it says nothing. */
  readonly head: string;
  readonly tags: readonly string[];
  /** How long its load took. *Units*: milliseconds. */
  readonly loadMs: number;
  /** The moment at which its load began, as {@link CacheStore.read} gave it. */
  readonly mark: string;
}

/** What a store has under a key. */
export interface StoredRead {
  /** This moment by the store's clock: for the load that follows. */
  readonly mark: string;
  /** Undefined where there is none, or where it was invalidated. `ageMs`: since its load began. */
  readonly value: (StoredValue & { readonly ageMs: number }) | undefined;
}

/** Keeps values for all processes of an app, and carries invalidations between them. */
export interface CacheStore {
  readonly service: Service;
  /** Whether it can be asked, and its notifications arrive, as far as is known. */
  readonly ready: boolean;
  read(key: string): Promise<StoredRead>;
  /** Keeps a value for so long, and after an invalidation of its tags that is later than its mark for no moment. *Units*: milliseconds. */
  write(key: string, value: StoredValue, lifeMs: number): Promise<void>;
  /** Values of these tags that were loaded before are not read any more. `publish`: other processes are notified. */
  invalidate(tags: readonly string[], publish: boolean): Promise<void>;
}

/** Opens the store of one process; opens no connection yet. */
export interface CacheStoreSource {
  readonly name: string;
  open(host: CacheHost): CacheStore;
}

/** What happened to a store of values. */
export interface CacheStoreChange {
  readonly store: string;
  /** `gone`: it fails or does not respond in time, and each process continues with its own memory. `back`: it is used again. */
  readonly state: "gone" | "back";
  readonly reason: string;
}
