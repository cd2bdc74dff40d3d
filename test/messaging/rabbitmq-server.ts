import assert from "node:assert";
import { Connection } from "rabbitmq-client";

/** The RabbitMQ that tests run on. */
export const rabbitmqUrl = process.env.RABBITMQ_URL ?? "amqp://guest:guest@127.0.0.1:5672";

async function opens(): Promise<Connection | undefined> {
  const opened = new Connection({ url: rabbitmqUrl, connectionTimeout: 5_000, acquireTimeout: 5_000 });
  opened.on("error", () => undefined);
  try {
    await opened.onConnect(8_000);
    return opened;
  } catch {
    opened.unsafeDestroy();
    assert(process.env.CI !== "true", `No RabbitMQ responds at ${rabbitmqUrl}: start one, or unset CI to skip its tests.`);
    return undefined;
  }
}

const connection = await opens();

/** Why its tests are skipped, where there is none. */
export const rabbitmqSkip = connection !== undefined ? false : `no RabbitMQ at ${rabbitmqUrl}`;

const made: string[] = [];

/** Makes a durable queue. */
export async function makeQueue(type: "classic" | "quorum" = "classic"): Promise<string> {
  const queue = `plimsoll.test.${process.pid}.${made.length}.${Math.trunc(performance.timeOrigin)}`;
  made.push(queue);
  await connection?.queueDeclare({ queue, durable: true, arguments: { "x-queue-type": type } });
  return queue;
}

/** Lets a queue take what is sent to an exchange with that key. */
export async function bindQueue(queue: string, exchange: string, routingKey: string): Promise<void> {
  await connection?.queueBind({ queue, exchange, routingKey });
}

/** Removes the queues of the tests, and disconnects. */
export async function closeRabbitmq(): Promise<void> {
  for (const queue of made.splice(0)) await connection?.queueDelete({ queue }).catch(() => undefined);
  await connection?.close();
}
