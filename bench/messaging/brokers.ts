import { jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Redis } from "ioredis";
import { nats } from "../../src/nats/index.ts";
import type { SenderSource } from "../../src/operation/messaging/sender.ts";
import { redisStream } from "../../src/redis/index.ts";

const natsUrl = process.env.NATS_URL ?? "nats://127.0.0.1:4222";
const redisUrl = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";

/** A place in a broker to which events are sent. */
export interface Place {
  readonly to: SenderSource;
  remove(): Promise<void>;
}

let places = 0;
const nextName = () => `plimsoll-bench-${process.pid}-${places++}`;

/** The brokers by their names, each with a way to make a place. The stream of NATS is on the disk, as in production. */
export const brokers: Readonly<Record<string, () => Promise<Place>>> = {
  nats: async () => {
    const name = nextName();
    const connection = await connect({ servers: natsUrl });
    const { streams } = await jetstreamManager(connection);
    await streams.add({ name, subjects: [name], storage: StorageType.File });
    return {
      to: nats({ servers: natsUrl, stream: name, subject: name }),
      remove: async () => {
        await streams.delete(name);
        await connection.close();
      },
    };
  },
  redis: async () => {
    const name = nextName();
    return {
      to: redisStream({ url: redisUrl, stream: name, maxLength: 1_000_000 }),
      remove: async () => {
        const client = new Redis(redisUrl);
        await client.del(name);
        client.disconnect();
      },
    };
  },
};
