import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine } from "../../core/load-line/load-line.ts";
import type { LoadLines } from "../../core/load-line/load-lines.ts";
import type { CounterSeries, Metrics } from "../../core/metrics.ts";
import type { Service } from "../../core/service.ts";
import type { Signal } from "../../core/signals.ts";
import {
  type CacheStoreChange,
  type CacheStoreSource,
  everything,
  type InvalidationChannel,
  type InvalidationChannelSource,
} from "../../operation/cache/port.ts";
import type { StoredReply, Transaction } from "../../operation/transaction.ts";
import { Invalidations } from "./invalidations.ts";
import type { CacheUse } from "./load.ts";
import { CacheMemory } from "./memory.ts";
import { Processes } from "./processes.ts";
import { SharedStore } from "./shared-store.ts";
import { ValueCache } from "./value-cache.ts";

const readsMetric = {
  name: "plimsoll_cache_reads_total",
  help: "Requests of cached queries that got a value, by how: hit, stored, stale, load or joined.",
  labels: ["operation", "use"],
};
const loadsMetric = {
  name: "plimsoll_cache_loads_total",
  help: "Loads of values of cached queries that have ended.",
  labels: ["operation", "outcome"],
};

/** What an app decides for its caches. */
export interface CacheOptions {
  /** Size of the values of all operations together that one process keeps. *Units*: bytes. *Default*: `limits.cacheBytes`. */
  readonly bytes?: number;
  /**
   * Where values are kept beside the memory of each process, for all processes, as `redisCache`. A request waits for it at most 50 ms, and an app works without
   * it. *Default*: none.
   */
  readonly store?: CacheStoreSource;
}

/** The same, and how a process reaches the other processes of its app. */
export interface CachesOptions extends CacheOptions {
  /** The name of its service. *Default*: none, where there is no other process. */
  readonly app?: string;
  readonly channel?: InvalidationChannelSource | undefined;
}

/** What the caches of an app need of its process. */
export interface CachesHost {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly loadLines: LoadLines;
  readonly changed: Signal<CacheStoreChange>;
  /** Names of the operations that have a cache. */
  readonly cached: readonly string[];
}

/** The values of all cached queries of an app, and what its transactions invalidate. */
export class Caches {
  readonly values: ValueCache;
  readonly invalidations: Invalidations = new Invalidations();
  /** What must be started after the database. */
  readonly services: readonly Service[];
  readonly #memory: CacheMemory;
  readonly #processes = new Processes();
  readonly #channel: InvalidationChannel | undefined;
  /** The store that processes share; undefined where there is none. */
  readonly store: SharedStore | undefined;
  readonly #series = new Map<string, CounterSeries>();
  readonly #metrics: Metrics;
  /** Operations that gave a stale value, and have loaded none since. */
  readonly #stale = new Set<string>();

  constructor({ bytes = limits.cacheBytes, app = "", channel, store: source }: CachesOptions, host: CachesHost) {
    const { clock, metrics, loadLines, cached } = host;
    this.#metrics = metrics;
    this.#memory = new CacheMemory({ bytes, entryBytes: limits.cacheEntryBytes });
    this.values = new ValueCache({ clock, memory: this.#memory, confirmedAt: () => this.#processes.confirmedAt });
    const missed = () => this.values.invalidate([everything]);
    const invalidated = (tags: readonly string[]) => this.values.invalidate(tags);
    // What comes by the database may not have reached the store.
    const both = (tags: readonly string[]) => {
      invalidated(tags);
      this.store?.invalidate(tags, true);
    };
    // A process without a cached query notifies, and has nothing that could be invalidated.
    this.#channel = channel?.open(this.#processes.join({ app, clock, missed, invalidated: both }));
    const { changed } = host;
    const storeHost = source && this.#processes.join({ app, clock, missed, invalidated });
    const instead = (tags: readonly string[]) => void this.#channel?.notify(tags).catch(() => undefined);
    this.store = source && storeHost && new SharedStore({ source, host: storeHost, changed, instead });
    const services = [cached.length > 0 ? this.#channel?.service : undefined, this.store?.service];
    this.services = services.filter((service) => service !== undefined);

    if (cached.length > 0) this.#show(bytes, metrics, loadLines);
  }

  /** Counts how a request got its value. */
  count(operation: string, use: CacheUse): void {
    this.#count({ ...readsMetric, operation, label: use });
    if (use === "stale") this.#stale.add(operation);
  }

  /** Counts a load that has ended. */
  countLoad(operation: string, isOk: boolean): void {
    this.#count({ ...loadsMetric, operation, label: isOk ? "ok" : "failed" });
    if (isOk) this.#stale.delete(operation);
  }

  #count({ name, help, labels, operation, label }: typeof readsMetric & { readonly operation: string; readonly label: string }): void {
    const key = `${operation}\n${label}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = this.#metrics.counter({ name, help, labels }).series(operation, label);
      this.#series.set(key, series);
    }
    series.add();
  }

  /** Commits, and then invalidates what the transaction invalidates: where it did not commit, nothing, and where that is not known, all the same. */
  async commit(transaction: Transaction, reply?: StoredReply): Promise<StoredReply | undefined> {
    const tags = this.invalidations.of(transaction);
    if (tags === undefined) return transaction.commit(reply);
    const { store } = this;
    const carried = this.#channel !== undefined && store?.carries !== true;
    if (carried) transaction.defer(this.#channel.statement(tags));
    const committed = () => {
      this.values.invalidate(tags);
      store?.invalidate(tags, carried);
    };
    try {
      const kept = await transaction.commit(reply);
      committed();
      return kept;
    } catch (error) {
      if (error instanceof Fault && error.type === "commit_outcome_unknown") committed();
      throw error;
    }
  }

  #show(bytes: number, metrics: Metrics, loadLines: LoadLines): void {
    const memory = this.#memory;
    const line = new LoadLine({
      name: "cache",
      unit: "bytes",
      declared: bytes,
      now: () => memory.bytes,
      phase: () => (this.#stale.size > 0 ? "degraded" : "normal"),
      fixed: "Memory is bounded, whatever the load. Change createApp({ cache }).",
    });
    loadLines.register(line);
    metrics.gauge({ name: "plimsoll_cache_bytes", help: "Size of the values that this process keeps.", read: () => memory.bytes });
    metrics.gauge({ name: "plimsoll_cache_values", help: "Values that this process keeps.", read: () => memory.size });
    metrics.gauge({ name: "plimsoll_cache_waiting", help: "Requests that wait for the load of another.", read: () => this.values.waiting });
    if (this.store !== undefined)
      metrics.total({
        name: "plimsoll_cache_store_failures_total",
        help: "Times that the store of values failed or did not respond in time.",
        read: () => this.store?.failures ?? 0,
      });
    metrics.total({
      name: "plimsoll_cache_left_out_total",
      help: "Values that were not kept, because they are too large or have too many tags, or that went to make room for others.",
      labels: ["reason"],
      read: () => [
        { labels: ["too_large"], value: memory.tooLarge },
        { labels: ["too_many_tags"], value: this.values.tooManyTags },
        { labels: ["evicted"], value: memory.evicted },
      ],
    });
  }
}
