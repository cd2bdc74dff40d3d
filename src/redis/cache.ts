import { createHash } from "node:crypto";
import type { RedisClientType } from "redis";
import type { Timer } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import type { Service } from "../core/service.ts";
import {
  type CacheHost,
  type CacheStore,
  type CacheStoreSource,
  everything,
  type StoredRead,
  type StoredValue,
} from "../operation/cache/port.ts";
import { invalidateScript, readScript, writeScript } from "./cache-script.ts";
import { closeRedis, connectRedis, redisClient, whyNotConnected } from "./connection.ts";
import type { RedisTls } from "./tls.ts";

/** How often it is asked whether notifications arrive. *Units*: milliseconds. */
const beatMs = 250;
/** How long a command may take. *Units*: milliseconds. */
const commandMs = 250;
/** As a tag: every value has it. */
const all = "*all";

/** What {@link redisCache} takes. */
export interface RedisCacheSpec {
  /** As in `rediss://user:password@host:6379/0`. `redis://` is not encrypted: on this machine, or with `?tls=disable` in a network that is yours alone. */
  readonly url: string;
  /** *Default*: the authorities of Node.js, and no certificate of this process. */
  readonly tls?: RedisTls;
  /** What all its keys begin with. *Default*: `plimsoll`. */
  readonly prefix?: string;
}

/**
 * Keeps the values of cached queries in a Redis too, for all processes of an app, and carries invalidations between them. It needs the package `redis`, and a
 * Redis from 6 on.
 *
 * An app starts without its Redis, and works without it: see the guide on caching. All keys of an app have one hash tag, so that in a cluster they are in one place.
 * *Guarantees*: no value is read whose load began before an invalidation of its tags. Every key expires. A Redis that drops keys costs loads, and nothing else.
 * *Faults thrown* at the start: `failed_precondition` of type `redis_not_installed`, `redis_not_encrypted` or `redis_tls_invalid`.
 * @example createApp({ modules, database, cache: { store: redisCache({ url: "rediss://cache:6379" }) } });
 */
export function redisCache(spec: RedisCacheSpec): CacheStoreSource {
  return { name: "redis", open: (host) => new RedisCache(spec, host) };
}

class RedisCache implements CacheStore {
  readonly service: Service;
  readonly #address: Pick<RedisCacheSpec, "url" | "tls">;
  readonly #prefix: string;
  readonly #host: CacheHost;
  readonly #beatChannel: string;
  #client: RedisClientType | undefined;
  #listener: RedisClientType | undefined;
  #timer: Timer | undefined;
  /** When the beats that have not arrived were sent. */
  readonly #sent = new Map<string, number>();
  #beats = 0;

  constructor({ url, tls, prefix = "plimsoll" }: RedisCacheSpec, host: CacheHost) {
    this.#address = { url, ...(tls && { tls }) };
    this.#host = host;
    this.#prefix = `${prefix}:{${host.app}}:cache:`;
    this.#beatChannel = `${this.#prefix}beat:${host.clock.uuid()}`;
    this.service = { name: "redis cache", start: () => this.#start(), stop: async () => this.#stop() };
  }

  get ready(): boolean {
    return this.#client?.isReady === true && this.#listener?.isReady === true;
  }

  async read(key: string): Promise<StoredRead> {
    const keys = [`${this.#prefix}last`, this.#valueKey(key)];
    const reply = await this.#connected().eval(readScript, { keys, arguments: [`${this.#prefix}tag:`] });
    const [now, mark, tags, json, head, loadMs] = reply as (string | undefined)[];
    if (now === undefined || mark === undefined || tags === undefined || json === undefined) return { mark: now ?? "0", value: undefined };
    const own = tags.split("\n").filter((tag) => tag !== all);
    const ageMs = Math.max(0, (Number(now) - Number(mark)) / 1_000);
    return { mark: now, value: { json, head: head ?? "", tags: own, loadMs: Number(loadMs), mark, ageMs } };
  }

  async write(key: string, { json, head, tags, loadMs, mark }: StoredValue, lifeMs: number): Promise<void> {
    const tagged = [all, ...tags];
    const keys = [`${this.#prefix}last`, this.#valueKey(key), ...tagged.map((tag) => this.#tagKey(tag))];
    const values = [mark, tagged.join("\n"), json, head, String(loadMs), String(Math.ceil(lifeMs))];
    await this.#connected().eval(writeScript, { keys, arguments: values });
  }

  async invalidate(tags: readonly string[], publish: boolean): Promise<void> {
    const keys = [`${this.#prefix}last`, ...tags.map((tag) => this.#tagKey(tag === everything ? all : tag))];
    const channel = `${this.#prefix}invalidated`;
    await this.#connected().eval(invalidateScript, { keys, arguments: [channel, publish ? JSON.stringify(tags) : ""] });
  }

  /** A key of the app may be long, and hold what a caller sent. */
  #valueKey(key: string): string {
    return `${this.#prefix}value:${createHash("sha256").update(key).digest("base64url")}`;
  }

  #tagKey(tag: string): string {
    return `${this.#prefix}tag:${tag}`;
  }

  #connected(): RedisClientType {
    if (this.#client?.isReady === true) return this.#client;
    throw new Fault({
      code: "unavailable",
      type: "cache_store_unavailable",
      message: whyNotConnected(this.#client),
    });
  }

  async #start(): Promise<void> {
    const { clock } = this.#host;
    const { url, tls } = this.#address;
    const address = { url, tls, clock, commandMs };
    const [client, listener] = [await redisClient(address), await redisClient(address)];
    this.#client = client;
    this.#listener = listener;
    // Each time that it is connected: what came before is not known.
    listener.on("ready", () => this.#host.missed());
    const subscribe = async () => {
      await listener.subscribe(`${this.#prefix}invalidated`, (message) => this.#host.invalidated(tagsOf(message)));
      await listener.subscribe(this.#beatChannel, (message) => this.#arrived(message));
      this.#host.missed();
    };
    await Promise.all([connectRedis(client, clock), connectRedis(listener, clock)]);
    // Where it is not connected yet: when it is. From then on the client subscribes again by itself.
    if (listener.isReady) await subscribe().catch(() => undefined);
    else listener.once("ready", () => void subscribe().catch(() => undefined));
    this.#beat();
  }

  #stop(): void {
    this.#timer?.cancel();
    if (this.#client) closeRedis(this.#client);
    if (this.#listener) closeRedis(this.#listener);
    this.#client = undefined;
    this.#listener = undefined;
  }

  /** What was published before a beat has arrived when the beat has. */
  #beat(): void {
    const { clock } = this.#host;
    this.#timer = clock.schedule(beatMs, () => this.#beat());
    if (!this.ready) return;
    const beat = String(this.#beats++);
    this.#sent.set(beat, clock.monotonic());
    for (const old of this.#sent.keys()) if (this.#sent.size > 8) this.#sent.delete(old);
    this.#client?.publish(this.#beatChannel, beat).catch(() => undefined);
  }

  #arrived(beat: string): void {
    const at = this.#sent.get(beat);
    this.#sent.delete(beat);
    if (at !== undefined) this.#host.confirmed(at);
  }
}

function tagsOf(message: string): readonly string[] {
  try {
    const tags: unknown = JSON.parse(message);
    if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string")) return tags;
  } catch {
    // Any client of the server may publish.
  }
  return [everything];
}
