import { after, describe, it } from "node:test";
import { kafka } from "plimsoll/kafka";
import { nats } from "plimsoll/nats";
import { rabbitmq } from "plimsoll/rabbitmq";
import { redisStream } from "plimsoll/redis";
import { FaultProxy, MemoryBroker, messageBrokerConformance } from "plimsoll/testing";
import { systemClock } from "../../src/core/clock.ts";
import { redisSkip, redisUrl } from "../redis/server.ts";
import { closeKafka, kafkaSkip, makeTopic } from "./kafka-mock.ts";
import { closeNats, makeStream, natsSkip, natsUrl } from "./nats-server.ts";
import { closeRabbitmq, makeQueue, rabbitmqSkip, rabbitmqUrl } from "./rabbitmq-server.ts";
import { closeStreams, makeKey } from "./redis-streams.ts";

describe("the broker in memory", () => {
  for (const form of ["log", "queue"] as const)
    describe(`as a ${form}`, () => {
      let broker = new MemoryBroker();
      const create = async () => {
        broker = new MemoryBroker({ form, shards: 1 });
        return broker;
      };
      const cut = async () => {
        broker.isDown = true;
        return async () => {
          broker.isDown = false;
        };
      };
      for (const { name, run } of messageBrokerConformance({ create, clock: systemClock, cut, tooLarge: 1_048_577 })) it(name, run);
    });
});

const cutBy = (proxy: FaultProxy) => async () => {
  proxy.down();
  return async () => proxy.up();
};
const proxyTo = (url: string, port: number) => {
  const { hostname, port: own } = new URL(url);
  return new FaultProxy({ host: hostname, port: Number(own || port) });
};

describe("nats", { skip: natsSkip }, () => {
  const proxy = proxyTo(natsUrl, 4_222);
  const started = proxy.start();
  after(async () => {
    await proxy.stop();
    await closeNats();
  });
  const create = async () => {
    await started;
    return nats({ servers: proxy.through(natsUrl), ...(await makeStream()), timeoutMs: 2_000 });
  };
  const sample = { create, clock: systemClock, cut: cutBy(proxy), tooLarge: 1_200_000 };
  for (const { name, run } of messageBrokerConformance(sample)) it(name, run);
});

describe("redisStream", { skip: redisSkip }, () => {
  const proxy = proxyTo(redisUrl, 6_379);
  const started = proxy.start();
  after(async () => {
    await proxy.stop();
    await closeStreams();
  });
  const create = async () => {
    await started;
    return redisStream({ url: proxy.through(redisUrl), stream: makeKey(), maxLength: 10_000 });
  };
  for (const { name, run } of messageBrokerConformance({ create, clock: systemClock, cut: cutBy(proxy) })) it(name, run);
});

for (const type of ["classic", "quorum"] as const)
  describe(`rabbitmq, a ${type} queue`, { skip: rabbitmqSkip }, () => {
    const proxy = proxyTo(rabbitmqUrl, 5_672);
    const started = proxy.start();
    after(async () => {
      await proxy.stop();
      if (type === "quorum") await closeRabbitmq();
    });
    const create = async () => {
      await started;
      return rabbitmq({ url: proxy.through(rabbitmqUrl), queue: await makeQueue(type) });
    };
    for (const { name, run } of messageBrokerConformance({ create, clock: systemClock, cut: cutBy(proxy) })) it(name, run);
  });

// A mock of the broker, and not Kafka: it keeps messages in memory, and has no replicas. What needs a broker that is cut off is left out.
describe("kafka, on the mock broker of librdkafka", { skip: kafkaSkip }, () => {
  after(closeKafka);
  const create = async () => kafka(await makeTopic());
  for (const { name, run } of messageBrokerConformance({ create, clock: systemClock })) it(name, run);
});
