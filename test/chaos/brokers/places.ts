import { closeKafka, kafkaSkip, makeTopic } from "../../messaging/kafka-mock.ts";
import { closeNats, makeStream, natsSkip, natsUrl } from "../../messaging/nats-server.ts";
import { closeRabbitmq, makeQueue, rabbitmqSkip, rabbitmqUrl } from "../../messaging/rabbitmq-server.ts";
import { closeStreams, makeKey } from "../../messaging/redis-streams.ts";
import { redisSkip, redisUrl } from "../../redis/server.ts";
import type { Place } from "./place.ts";

/** Why a broker is left out; false where it is there. */
export const skips = { nats: natsSkip, redis: redisSkip, rabbitmq: rabbitmqSkip, kafka: kafkaSkip };

/** Makes a place of a broker that has no messages yet. */
export async function makePlace(broker: keyof typeof skips): Promise<Place> {
  if (broker === "nats") {
    const { stream, subject } = await makeStream();
    return { broker, url: natsUrl, name: stream, subject };
  }
  if (broker === "redis") return { broker, url: redisUrl, name: makeKey() };
  if (broker === "rabbitmq") return { broker, url: rabbitmqUrl, name: await makeQueue("quorum") };
  const { brokers, topic } = await makeTopic();
  return { broker, url: brokers[0] as string, name: topic };
}

/** Removes what was made. */
export async function closePlaces(): Promise<void> {
  await closeNats();
  if (redisSkip === false) await closeStreams();
  await closeRabbitmq();
  await closeKafka();
}
