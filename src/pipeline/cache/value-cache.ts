import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { everything, type StoredRead } from "../../operation/cache/port.ts";
import { type CacheEntry, type EntryState, stateOf } from "./entry.ts";
import { InvalidationLog } from "./invalidation-log.ts";
import { type CacheUse, type CacheWaiter, Load, type Loaded, type LoadFailure } from "./load.ts";
import type { CacheMemory } from "./memory.ts";

/** A value that a caller gets at once. */
export interface FoundValue {
  readonly entry: CacheEntry;
  readonly use: CacheUse;
}

/** How long a value is used, and how much longer where no new one can be loaded. *Units*: milliseconds. */
export interface CacheTimes {
  readonly ttlMs: number;
  readonly staleMs: number;
}

/** What {@link ValueCache} is made of. */
export interface ValueCacheParts {
  readonly clock: Clock;
  readonly memory: CacheMemory;
  /** Up to when every invalidation of other processes is known; infinite where there is no other. */
  confirmedAt(): number;
}

/**
 * The values of one process with their loads: a state machine that runs nothing itself.
 * *Guarantees*: one load of a key at once, and a second one where the first takes longer than `limits.cacheBlindMs` while invalidations of other processes do not
 * arrive. A caller that came after an invalidation gets no value whose load began before it, also not from a load under way; and
 * such a value is not kept. A value that other processes may have invalidated is given for `limits.cacheBlindMs`, and after that only where its load fails.
 */
export class ValueCache {
  /** Callers that wait for the load of another. */
  waiting = 0;
  /** Values that were not kept, because their tags are too many. */
  tooManyTags = 0;
  readonly #parts: ValueCacheParts;
  readonly #log = new InvalidationLog();
  readonly #loads = new Map<string, Load>();

  constructor(parts: ValueCacheParts) {
    this.#parts = parts;
  }

  /**
   * Finds the value, or begins its load, which the caller must end by {@link loaded} or {@link failed}; or lets the waiter wait (`waits`), or neither where too
   * many wait (`crowded`): then the caller runs as without a cache.
   */
  look(key: string, waiter: CacheWaiter): FoundValue | Load | "waits" | "crowded" {
    const now = this.#parts.clock.monotonic();
    const entry = this.#parts.memory.get(key);
    const state = entry === undefined ? "gone" : this.#stateOf(entry, now);
    if (entry !== undefined && state === "fresh") return { entry, use: "hit" };
    const load = this.#loadOf(key, now);
    const found = entry && (load !== undefined || now < entry.quietUntil) ? valueWhile(entry, state, load === undefined) : undefined;
    if (found !== undefined) return found;
    if (load === undefined) return this.#begin(key, now);
    if (this.waiting >= limits.cacheWaiters) return "crowded";
    this.waiting++;
    load.waiting.push({ waiter, since: this.#log.now });
    return "waits";
  }

  /** Ends a load with what it made. Returns what was kept; undefined where it was invalidated meanwhile, or has too many tags. */
  loaded(load: Load, { json, head, tags }: Loaded, { ttlMs, staleMs }: CacheTimes): CacheEntry | undefined {
    const loadMs = Math.max(0, this.#parts.clock.monotonic() - load.startedAt);
    const expiresAt = load.startedAt + ttlMs;
    const entry: CacheEntry = {
      ...{ json, head, tags: tags ?? [everything], loadMs, expiresAt, mark: load.mark, quietUntil: 0 },
      ...{ loadedAt: load.startedAt, staleUntil: expiresAt + staleMs },
    };
    return this.arrived(load, entry);
  }

  /** Ends a load with a value that is made already, also elsewhere. Returns what was kept, as {@link loaded} does. */
  arrived(load: Load, entry: CacheEntry): CacheEntry | undefined {
    const waiting = this.#end(load);
    if (waiting === undefined) return undefined;
    const isKept = entry.tags[0] !== everything;
    const outdated = isKept ? this.#log.hasAny(entry.tags, load.since) : this.#log.now !== load.since;
    if (!isKept) this.tooManyTags++;
    else if (!outdated && !this.#hasNewer(load.key, entry)) this.#parts.memory.set(load.key, entry);
    this.#deliver(load.key, waiting, ({ waiter, since }) => {
      if (outdated && since !== load.since) return false;
      waiter.serve(entry, "joined");
      return true;
    });
    return outdated || !isKept ? undefined : entry;
  }

  /**
   * Ends a load with what the store that processes share has. Undefined where the load must go on: the value is past its end, which is kept for the case that
   * the load fails, or it is no newer than the one that is here.
   */
  fromStore(
    load: Load,
    { json, head, tags, loadMs, mark, ageMs }: NonNullable<StoredRead["value"]>,
    times: CacheTimes,
  ): CacheEntry | undefined {
    const loadedAt = load.startedAt - ageMs;
    const expiresAt = loadedAt + times.ttlMs;
    const entry: CacheEntry = {
      ...{ json, head: head === "" ? undefined : (JSON.parse(head) as unknown), tags, loadMs, mark, quietUntil: 0 },
      ...{ loadedAt, expiresAt, staleUntil: expiresAt + times.staleMs },
    };
    const { memory } = this.#parts;
    const known = memory.get(load.key);
    const isNewer = known === undefined || (known.mark !== mark && known.loadedAt < loadedAt);
    if (load.ended || !isNewer || this.#log.hasAny(tags, load.since)) return undefined;
    if (this.#parts.clock.monotonic() < expiresAt) return this.arrived(load, entry);
    if (known === undefined) memory.set(load.key, entry);
    return undefined;
  }

  /** Ends a load without a value. Returns the value that may be used instead, if there is one. */
  failed(load: Load, thrown: unknown, { end, quiet }: LoadFailure): FoundValue | undefined {
    const waiting = this.#end(load);
    if (waiting === undefined) return undefined;
    const { memory, clock } = this.#parts;
    if (end === "response") memory.delete(load.key);
    const now = clock.monotonic();
    const entry = end === "response" ? undefined : memory.get(load.key);
    const found = entry && valueWhile(entry, this.#stateOf(entry, now), true);
    if (found !== undefined && quiet) found.entry.quietUntil = now + limits.cacheRetryMs;
    this.#deliver(load.key, waiting, ({ waiter, since }) => {
      if (end === "alone" || since !== load.since) return false;
      if (found !== undefined) waiter.serve(found.entry, found.use);
      else waiter.fail(thrown);
      return true;
    });
    return found;
  }

  /** From now on no caller gets a value of these tags that was loaded before. */
  invalidate(tags: readonly string[]): void {
    this.#log.add(tags);
    this.#parts.memory.invalidate(tags);
  }

  #hasNewer(key: string, { loadedAt }: CacheEntry): boolean {
    const known = this.#parts.memory.get(key);
    return known !== undefined && known.loadedAt > loadedAt;
  }

  #stateOf(entry: CacheEntry, now: number): EntryState {
    const { clock, confirmedAt } = this.#parts;
    return stateOf(entry, { now, random: () => clock.random(), blindMs: limits.cacheBlindMs, confirmedAt: confirmedAt() });
  }

  /** The load under way; not one that began so long ago that it may miss what other processes have committed since. */
  #loadOf(key: string, now: number): Load | undefined {
    const load = this.#loads.get(key);
    const known = load && Math.max(load.startedAt, this.#parts.confirmedAt());
    return known !== undefined && now - known <= limits.cacheBlindMs ? load : undefined;
  }

  #begin(key: string, now: number): Load {
    const load = new Load(key, this.#log.now, now);
    this.#loads.set(key, load);
    return load;
  }

  /** Returns those who wait for it; undefined where it has ended before. */
  #end(load: Load): Load["waiting"] | undefined {
    if (load.ended) return undefined;
    load.ended = true;
    if (this.#loads.get(load.key) === load) this.#loads.delete(load.key);
    this.waiting -= load.waiting.length;
    return load.waiting;
  }

  /** Settles those who waited; who could not be served looks again, and the first of them loads. Not inside the stack of the one who loaded. */
  #deliver(key: string, waiting: Load["waiting"], serve: (each: Load["waiting"][number]) => boolean): void {
    if (waiting.length === 0) return;
    queueMicrotask(() => {
      for (const each of waiting) if (!each.waiter.settled && !serve(each)) this.#lookAgain(key, each.waiter);
    });
  }

  #lookAgain(key: string, waiter: CacheWaiter): void {
    const found = this.look(key, waiter);
    if (found instanceof Load) waiter.lead(found);
    else if (found === "crowded") waiter.lead(new Load(key, this.#log.now, this.#parts.clock.monotonic()));
    else if (found !== "waits") waiter.serve(found.entry, found.use);
  }
}

/** What a value may be used for while it is loaded, or after its load has failed. */
function valueWhile(entry: CacheEntry, state: EntryState, failed: boolean): FoundValue | undefined {
  if (state === "fresh" || state === "early") return { entry, use: "hit" };
  if (state === "stale" || (state === "unconfirmed" && failed && entry.staleUntil > entry.expiresAt)) return { entry, use: "stale" };
  return undefined;
}
