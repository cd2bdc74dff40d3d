import assert from "node:assert";
import type { RedisClientType } from "redis";
import type { Clock } from "../core/clock.ts";
import type { Service } from "../core/service.ts";
import { messageOf } from "../core/value/thrown.ts";
import type { LeaseAsk, LeaseGrant, LeaseStore, LeaseStoreSource } from "../resilience/leases/lease-store.ts";
import { renewMs } from "../resilience/leases/lease-store.ts";
import { type LeaseOptions, leasedRates } from "../resilience/leases/leased-rates.ts";
import type { QuotaAsk, QuotaGrant } from "../resilience/leases/quota-rules.ts";
import { storeUnavailable } from "../resilience/leases/unavailable.ts";
import type { RateHost, RateStore } from "../resilience/rate-limit.ts";
import { closeRedis, connectRedis, redisClient, whyNotConnected } from "./connection.ts";
import { quotaScript, quotaScriptSha } from "./quota-script.ts";
import { rateScript, rateScriptSha } from "./script.ts";
import type { RedisTls } from "./tls.ts";

/** What {@link redisRates} takes. */
export interface RedisRatesSpec extends LeaseOptions {
  /** As in `rediss://user:password@host:6379/0`. `redis://` is not encrypted: on this machine, or with `?tls=disable` in a network that is yours alone. */
  readonly url: string;
  /** *Default*: the authorities of Node.js, and no certificate of this process. */
  readonly tls?: RedisTls;
  /** What all its keys begin with. *Default*: `plimsoll`. */
  readonly prefix?: string;
}

/**
 * Counts rates in a Redis that many processes and machines share, by leases: about four commands a second from each process. It needs the package `redis`, and a
 * Redis from 6 on.
 *
 * An app starts without its Redis too, and finds it later. All keys of an app have one hash tag, so that in a cluster they are in one place.
 * *Guarantees*: those of `leasedRates`. A Redis that lost its data is at most one burst of each key more.
 * *Faults thrown* at the start: `failed_precondition` of type `redis_not_installed`, `redis_not_encrypted` or `redis_tls_invalid`.
 * @example createApp({ modules, rateLimit: { perSecond: 100, store: redisRates({ url: "rediss://cache:6379" }) } });
 */
export function redisRates({ members, ...spec }: RedisRatesSpec): RateStore {
  return leasedRates(redisLeases(spec), members === undefined ? {} : { members });
}

/** Keeps leases in Redis; what {@link redisRates} is made of. */
export function redisLeases(spec: RedisLeasesSpec): LeaseStoreSource {
  return { name: "redis", open: (host) => new RedisLeases(spec, host) };
}

type RedisLeasesSpec = Pick<RedisRatesSpec, "url" | "tls" | "prefix">;

class RedisLeases implements LeaseStore {
  readonly service: Service;
  readonly #clock: Clock;
  readonly #spec: RedisLeasesSpec;
  readonly #prefix: string;
  #client: RedisClientType | undefined;

  constructor(spec: RedisLeasesSpec, { app, clock }: RateHost) {
    this.#spec = spec;
    this.#clock = clock;
    this.#prefix = `${spec.prefix ?? "plimsoll"}:{${app}}`;
    this.service = { name: "redis", start: () => this.#connect(), stop: async () => this.#client && closeRedis(this.#client) };
  }

  async exchange(member: string, asks: readonly LeaseAsk[]): Promise<readonly LeaseGrant[]> {
    if (asks.length === 0) {
      await this.#connected().ping();
      return [];
    }
    const keys = asks.map(({ rate, key }) => this.#place(rate, key));
    const numbers = asks.flatMap(({ rate: { ratePerSecond, burst }, want, demand, held }) => [
      ...[ratePerSecond, burst, want, demand].map(String),
      held ? "1" : "0",
    ]);
    const reply = await this.#rate(keys, ["exchange", member, ...numbers]);
    assert(Array.isArray(reply) && reply.length === 4 * asks.length, "a reply has four values for each key");
    return asks.map((_, index) => {
      const [credits, share, members, crowded] = reply.slice(4 * index, 4 * index + 4).map(Number);
      return { credits: credits!, share: share!, members: members!, crowded: crowded === 1 };
    });
  }

  async take(rate: LeaseAsk["rate"], key: string): Promise<number> {
    return Number(await this.#rate([this.#place(rate, key)], ["take", String(rate.ratePerSecond), String(rate.burst)]));
  }

  async refund(rate: LeaseAsk["rate"], key: string): Promise<void> {
    await this.#rate([this.#place(rate, key)], ["refund", String(rate.ratePerSecond)]);
  }

  async quotas(asks: readonly QuotaAsk[]): Promise<readonly QuotaGrant[]> {
    const keys = asks.map(({ name, key }) => `${this.#prefix}:quota:${name}\n${key}`);
    const numbers = asks.flatMap(({ want, owed, lesson: { limit, windowMs, remaining, resetMs, retryAfterMs } }) =>
      [want, owed, limit, windowMs, remaining, resetMs, retryAfterMs].map((number) => (number === undefined ? "" : String(number))),
    );
    const reply = await this.#run({ script: quotaScript, sha: quotaScriptSha }, keys, numbers);
    assert(Array.isArray(reply) && reply.length === 7 * asks.length, "a reply has seven values for each key");
    return asks.map((_, index) => {
      const [known, credits, left, resetMs, blockedMs, limit, windowMs] = reply.slice(7 * index, 7 * index + 7).map(Number);
      return {
        known: known === 1,
        credits: credits!,
        left: left!,
        resetMs: resetMs!,
        blockedMs: blockedMs!,
        limit: limit!,
        windowMs: windowMs!,
      };
    });
  }

  #place({ name }: LeaseAsk["rate"], key: string): string {
    return `${this.#prefix}:${name}\n${key}`;
  }

  #rate(keys: string[], args: string[]): Promise<unknown> {
    return this.#run({ script: rateScript, sha: rateScriptSha }, keys, args);
  }

  async #run({ script, sha }: { readonly script: string; readonly sha: string }, keys: string[], args: string[]): Promise<unknown> {
    const client = this.#connected();
    const call = { keys, arguments: args };
    try {
      return await client.evalSha(sha, call);
    } catch (error) {
      // A server that was started again does not know it.
      if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
      return await client.eval(script, call);
    }
  }

  #connected(): RedisClientType {
    // A client that is not ready would let commands wait.
    if (this.#client?.isReady !== true) throw storeUnavailable(whyNotConnected(this.#client));
    return this.#client;
  }

  /** Opens the connection; the app starts without it where that fails. */
  async #connect(): Promise<void> {
    this.#client = await redisClient({ url: this.#spec.url, tls: this.#spec.tls, clock: this.#clock, commandMs: renewMs });
    await connectRedis(this.#client, this.#clock);
  }
}
