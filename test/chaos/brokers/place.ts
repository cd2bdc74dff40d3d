import { kafka } from "plimsoll/kafka";
import { nats } from "plimsoll/nats";
import { rabbitmq } from "plimsoll/rabbitmq";
import { redisStream } from "plimsoll/redis";

/** The address of a place of a broker, as one process gives it to another. */
export interface Place {
  readonly broker: "nats" | "redis" | "rabbitmq" | "kafka";
  readonly url: string;
  readonly name: string;
  readonly subject?: string;
}

/** Makes what sends to it and receives from it. */
export function open({ broker, url, name, subject = name }: Place) {
  if (broker === "nats") return nats({ servers: url, stream: name, subject, timeoutMs: 2_000 });
  if (broker === "redis") return redisStream({ url, stream: name });
  if (broker === "rabbitmq") return rabbitmq({ url, queue: name });
  return kafka({ brokers: [url], topic: name });
}
