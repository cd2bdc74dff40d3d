import assert from "node:assert";
import type { ReceiverSource } from "../../operation/messaging/receiver.ts";
import type { SenderSource } from "../../operation/messaging/sender.ts";
import { openRedisReceiver } from "./receiver.ts";
import { openRedisSender } from "./sender.ts";
import type { RedisStreamSpec } from "./spec.ts";

const mostReplicas = 16;

/**
 * Sends to, and receives from, a stream of Redis. It needs the package `redis`, and a Redis from 6.2 on.
 *
 * The position of a receiver is in the database, and no consumer group is made. Each attribute of a message is a field of its entry, and the data is the field `data`.
 * *Guarantees*: a message is sent once the server has it in memory, and so many replicas with it: see the guide for what it may lose.
 * *Faults thrown* at the start: as of `redisRates`.
 * @example const bus = redisStream({ url: "rediss://bus:6379", stream: "shop.orders", maxLength: 1_000_000 });
 */
export function redisStream(spec: RedisStreamSpec): SenderSource & ReceiverSource {
  const { stream, maxLength = 1, replicas = 0 } = spec;
  assert(stream !== "", "redisStream: the stream has no name. Write its key.");
  assert(
    Number.isInteger(maxLength) && maxLength >= 1,
    `redisStream("${stream}"): maxLength is ${maxLength}. Write a whole number from 1, or leave it out.`,
  );
  assert(
    Number.isInteger(replicas) && replicas >= 0 && replicas <= mostReplicas,
    `redisStream("${stream}"): replicas is ${replicas}. Write a whole number from 0 to ${mostReplicas}.`,
  );
  return {
    broker: "redis",
    openSender: (host) => openRedisSender(spec, host),
    openReceiver: (host) => openRedisReceiver(spec, host),
  };
}
