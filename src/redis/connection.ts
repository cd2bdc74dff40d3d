import type { RedisClientType } from "redis";
import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { messageOf } from "../core/value/thrown.ts";
import { type RedisTls, securedBy, whyUnreachable } from "./tls.ts";

/** How long a start waits for the first attempt to connect. *Units*: milliseconds. */
const connectMs = 5_000;

/** Where a Redis is, and how long one of its commands may take. */
export interface RedisAddress {
  readonly url: string;
  readonly tls: RedisTls | undefined;
  readonly clock: Clock;
  /** *Units*: milliseconds. */
  readonly commandMs: number;
}

/**
 * Makes a client that opens its connection again whenever it is lost, and refuses commands meanwhile.
 * *Faults thrown*: `failed_precondition` of type `redis_not_installed`, `redis_not_encrypted` or `redis_tls_invalid`.
 */
export async function redisClient({ url, tls, clock, commandMs }: RedisAddress): Promise<RedisClientType> {
  const secured = securedBy(url, tls);
  const { createClient } = await loadRedis();
  const client = createClient({
    url,
    disableOfflineQueue: true,
    // A server that hangs is noticed by this, and its connection is replaced.
    pingInterval: 1_000,
    commandOptions: { timeout: commandMs },
    socket: {
      ...(secured && { tls: true, ...secured }),
      connectTimeout: 2_000,
      socketTimeout: 5_000,
      reconnectStrategy: (retries: number) => Math.min(50 * 2 ** Math.min(retries, 5), 1_000) * (0.5 + clock.random() / 2),
    },
  }) as RedisClientType;
  // Each failure reaches who asks; without a listener it would end the process.
  client.on("error", (error) => failures.set(client, error));
  return client;
}

/**
 * Closes a client for good, and does nothing where it is closed. *Guarantees*: it holds no connection and no timer afterwards, also where it was opening a
 * connection.
 */
export function closeRedis(client: RedisClientType): void {
  // The client keeps a connection that comes about after it was destroyed, and pings over it for ever.
  client.on("connect", () => client.destroy());
  client.destroy();
}

const failures = new WeakMap<RedisClientType, unknown>();

/** Says why a client is not connected, and what to do. */
export function whyNotConnected(client: RedisClientType | undefined): string {
  return whyUnreachable(client && failures.get(client));
}

/** Opens the connection. Resolves also where the first attempt fails, or takes longer than 5 s; further attempts follow. */
export async function connectRedis(client: RedisClientType, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.schedule(connectMs, resolve);
    const tried = () => {
      timer.cancel();
      resolve();
    };
    client.once("error", tried);
    client.connect().then(tried, tried);
  });
}

/** Loads the client. *Faults thrown*: `failed_precondition` of type `redis_not_installed`. */
export async function loadRedis(): Promise<typeof import("redis")> {
  try {
    return await import("redis");
  } catch (error) {
    throw new Fault({
      code: "failed_precondition",
      type: "redis_not_installed",
      message: `plimsoll/redis needs the package redis, and it cannot be loaded: ${messageOf(error)}. Run: npm install redis`,
      cause: error,
    });
  }
}
