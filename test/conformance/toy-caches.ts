import type { Clock, Timer } from "../../src/core/clock.ts";
import {
  type CacheHost,
  type CacheStore,
  type CacheStoreSource,
  everything,
  type InvalidationChannel,
  type InvalidationChannelSource,
  type StoredRead,
  type StoredValue,
} from "../../src/operation/cache/port.ts";
import type { Statement } from "../../src/operation/transaction.ts";

/** Faults that a toy has on purpose. */
export interface ToyFaults {
  readonly ignoresMarks?: boolean;
  readonly lastWriteStays?: boolean;
  readonly ignoresEverything?: boolean;
  readonly endsAll?: boolean;
  readonly immortal?: boolean;
  readonly oneKey?: boolean;
  readonly ageless?: boolean;
  readonly alwaysPublishes?: boolean;
  readonly hasty?: boolean;
  readonly trims?: boolean;
  readonly ignoresRollback?: boolean;
  readonly mute?: boolean;
  readonly unstoppable?: boolean;
  readonly forgetful?: boolean;
  readonly most?: number;
}

/** Delivers what is published to each process that listens, a while later, and confirms each of these moments. */
class Wire {
  readonly #clock: Clock;
  readonly #faults: ToyFaults;
  readonly #hosts = new Set<CacheHost>();
  #timer: Timer | undefined;
  #pending: string[][] = [];

  constructor(clock: Clock, faults: ToyFaults) {
    this.#clock = clock;
    this.#faults = faults;
  }

  listen(host: CacheHost): void {
    this.#hosts.add(host);
    if (!this.#faults.forgetful) host.missed();
    this.#timer ??= this.#beat();
  }

  leave(host: CacheHost): void {
    if (!this.#faults.unstoppable) this.#hosts.delete(host);
    if (this.#hosts.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  publish(tags: readonly string[]): void {
    const { most = tags.length, trims } = this.#faults;
    this.#pending.push(tags.slice(0, most).map((tag) => (trims ? tag.slice(0, 5) : tag)));
  }

  #beat(): Timer {
    return this.#clock.schedule(20, () => {
      const at = this.#clock.monotonic();
      const arrived = this.#pending;
      this.#pending = [];
      for (const host of this.#hosts) if (this.#faults.hasty) host.confirmed(at);
      const deliver = () => {
        for (const host of this.#hosts) {
          for (const tags of arrived) host.invalidated(tags);
          if (!this.#faults.hasty) host.confirmed(at);
        }
      };
      if (this.#faults.hasty) this.#clock.schedule(30, deliver);
      else deliver();
      this.#timer = this.#beat();
    });
  }
}

/** A store of values in memory, which all that it opens share. */
export class ToyCache implements CacheStoreSource {
  readonly name = "toy";
  readonly #clock: Clock;
  readonly #faults: ToyFaults;
  readonly #wire: Wire;
  readonly #values = new Map<string, StoredValue & { readonly endsAt: number; readonly at: number }>();
  readonly #invalidated = new Map<string, number>();
  readonly #begun = new Map<number, number>();
  #mark = 0;

  constructor(clock: Clock, faults: ToyFaults = {}) {
    this.#clock = clock;
    this.#faults = faults;
    this.#wire = new Wire(clock, faults);
  }

  open(host: CacheHost): CacheStore {
    const service = { name: "toy", start: async () => this.#wire.listen(host), stop: async () => this.#wire.leave(host) };
    return {
      ...{ service, ready: true },
      read: async (key) => this.#read(this.#keyOf(key)),
      write: async (key, value, lifeMs) => this.#write(this.#keyOf(key), value, lifeMs),
      invalidate: async (tags, publish) => {
        for (const tag of tags) this.#invalidated.set(this.#faults.endsAll ? everything : tag, ++this.#mark);
        if (publish || this.#faults.alwaysPublishes) this.#wire.publish(tags);
      },
    };
  }

  #keyOf(key: string): string {
    return this.#faults.oneKey ? "" : key;
  }

  #read(key: string): StoredRead {
    const mark = ++this.#mark;
    const now = this.#clock.monotonic();
    this.#begun.set(mark, now);
    const kept = this.#values.get(key);
    if (kept === undefined || (now >= kept.endsAt && !this.#faults.immortal) || this.#isOver(kept))
      return { mark: `${mark}`, value: undefined };
    const { endsAt: _, at, ...value } = kept;
    return { mark: `${mark}`, value: { ...value, ageMs: this.#faults.ageless ? 0 : now - at } };
  }

  #isOver({ tags, mark }: StoredValue): boolean {
    const all = this.#faults.ignoresEverything ? tags : [...tags, everything];
    return all.some((tag) => (this.#invalidated.get(tag) ?? 0) > Number(mark));
  }

  #write(key: string, value: StoredValue, lifeMs: number): void {
    const now = this.#clock.monotonic();
    const before = this.#values.get(key);
    if (!this.#faults.lastWriteStays && before !== undefined && Number(before.mark) > Number(value.mark)) return;
    const mark = this.#faults.ignoresMarks ? `${++this.#mark}` : value.mark;
    const json = this.#faults.trims ? value.json.slice(0, 100) : value.json;
    this.#values.set(key, { ...value, json, mark, endsAt: now + lifeMs, at: this.#begun.get(Number(value.mark)) ?? now });
  }
}

/** A channel in memory: a statement has its tags as its values. */
export class ToyChannel implements InvalidationChannelSource {
  readonly #faults: ToyFaults;
  readonly #wire: Wire;

  constructor(clock: Clock, faults: ToyFaults = {}) {
    this.#faults = faults;
    this.#wire = new Wire(clock, faults);
  }

  open(host: CacheHost): InvalidationChannel {
    return {
      service: { name: "toy", start: async () => this.#wire.listen(host), stop: async () => this.#wire.leave(host) },
      statement: (tags) => ({ text: "notify", values: [...tags] }),
      notify: async (tags) => (this.#faults.mute ? undefined : this.#wire.publish(tags)),
    };
  }

  run({ values = [] }: Statement, how: "commit" | "roll back"): void {
    if (how === "commit" || this.#faults.ignoresRollback) this.#wire.publish(values as string[]);
  }
}
