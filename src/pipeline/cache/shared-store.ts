import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { Service } from "../../core/service.ts";
import type { Signal } from "../../core/signals.ts";
import { messageOf } from "../../core/value/thrown.ts";
import {
  type CacheHost,
  type CacheStore,
  type CacheStoreChange,
  type CacheStoreSource,
  everything,
  type StoredRead,
  type StoredValue,
} from "../../operation/cache/port.ts";

/** What a guarded store is made of. */
export interface SharedStoreParts {
  readonly source: CacheStoreSource;
  readonly host: CacheHost;
  readonly changed: Signal<CacheStoreChange>;
  /** Notifies the other processes of what the store could not. */
  readonly instead: (tags: readonly string[]) => void;
}

/**
 * A store of values that no request depends on.
 * *Bounds*: a request waits `limits.cacheStoreMs` for it; after a failure it is not asked for `limits.cacheStorePauseMs`.
 * *Guarantees*: nothing is read while an invalidation of this process is on its way to it. After one that did not reach it, everything in it is invalidated before
 * it is read again.
 */
export class SharedStore {
  readonly service: Service;
  failures = 0;
  readonly #store: CacheStore;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #parts: SharedStoreParts;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #gone = false;
  /** Invalidations on their way. */
  #pending = 0;
  /** Invalidations that have not reached it. */
  #owed = 0;
  #pays = false;

  constructor(parts: SharedStoreParts) {
    this.#parts = parts;
    this.#name = parts.source.name;
    this.#clock = parts.host.clock;
    this.#store = parts.source.open({
      ...parts.host,
      confirmed: (at) => {
        parts.host.confirmed(at);
        this.#pay();
      },
    });
    this.service = this.#store.service;
  }

  /** Whether it carries invalidations to the other processes now. */
  get carries(): boolean {
    return this.#store.ready && !this.#isPaused();
  }

  /** Reads a value; undefined at once where it cannot be asked, or where it does not respond in time. Never rejects. */
  read(key: string): Promise<StoredRead | undefined> | undefined {
    if (this.#pending > 0 || this.#owed > 0 || this.#isPaused()) return undefined;
    if (!this.#store.ready) return void this.#fail("It is not connected.");
    return this.#within(() => this.#store.read(key));
  }

  /** Keeps a value, if it can; no caller waits for it. */
  write(key: string, value: StoredValue, lifeMs: number): void {
    if (this.carries) void this.#within(() => this.#store.write(key, value, lifeMs));
  }

  /** Invalidates what a transaction of this process invalidated. `carried`: other processes were notified by the transaction. */
  invalidate(tags: readonly string[], carried: boolean): void {
    this.#pending++;
    const sent = this.#store.ready ? this.#store.invalidate(tags, !carried) : Promise.reject(new TypeError("It is not connected."));
    sent.then(
      () => {
        this.#pending--;
      },
      (error) => {
        this.#pending--;
        this.#owed++;
        this.#fail(messageOf(error));
        if (!carried) this.#parts.instead(tags);
      },
    );
  }

  #isPaused(): boolean {
    return this.#clock.monotonic() < this.#pausedUntil;
  }

  /** It works: what it owes is invalidated now. */
  #pay(): void {
    if (this.#owed === 0 || this.#pays) return;
    this.#pays = true;
    const owed = this.#owed;
    this.#store.invalidate([everything], false).then(
      () => {
        this.#owed -= owed;
        this.#pays = false;
      },
      () => {
        this.#pays = false;
      },
    );
  }

  #within<T>(ask: () => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const settle = (value: T | undefined, reason?: string) => {
        timer.cancel();
        if (reason === undefined) this.#responds();
        else this.#fail(reason);
        resolve(value);
      };
      const timer = this.#clock.schedule(limits.cacheStoreMs, () =>
        settle(undefined, `It did not respond within ${limits.cacheStoreMs} ms.`),
      );
      ask().then(
        (value) => settle(value),
        (error) => settle(undefined, messageOf(error)),
      );
    });
  }

  #fail(reason: string): void {
    this.failures++;
    this.#pausedUntil = this.#clock.monotonic() + limits.cacheStorePauseMs;
    if (this.#gone) return;
    this.#gone = true;
    this.#parts.changed.publish({ store: this.#name, state: "gone", reason });
  }

  #responds(): void {
    if (!this.#gone || this.#isPaused()) return;
    this.#gone = false;
    this.#parts.changed.publish({ store: this.#name, state: "back", reason: "It responds again." });
  }
}
