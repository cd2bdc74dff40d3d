import assert from "node:assert";
import type { ReceiverSource } from "../operation/messaging/receiver.ts";
import type { SenderSource } from "../operation/messaging/sender.ts";
import type { KafkaSpec } from "./client.ts";
import { openKafkaReceiver } from "./receiver.ts";
import { openKafkaSender } from "./sender.ts";

/**
 * Sends to, and receives from, a topic of Kafka. It needs the package `@platformatic/kafka`.
 *
 * No consumer group is joined and no offset is committed: the offsets are in the database, and one process reads all partitions for a subscription.
 * *Guarantees*: a message is sent once all replicas in sync have it. The messages of a partition come in their order, and those of aborted transactions do not come.
 * @example const bus = kafka({ brokers: ["kafka:9092"], topic: "shop.orders" });
 */
export function kafka(spec: KafkaSpec): SenderSource & ReceiverSource {
  assert(spec.brokers.length > 0, `kafka("${spec.topic}"): there are no brokers. Write at least one, as in ["kafka:9092"].`);
  return { broker: "kafka", openSender: () => openKafkaSender(spec), openReceiver: (host) => openKafkaReceiver(spec, host) };
}
