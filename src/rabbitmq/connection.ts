import type { Channel, Connection } from "rabbitmq-client";
import type { Clock } from "../core/clock.ts";
import { brokerUnavailable, loadPackage, placeMissing, within } from "../messaging/broker-faults.ts";

/** What `rabbitmq` takes: where the server is, the queue that is received, and where is sent. */
export interface RabbitmqSpec {
  /** As in `amqps://user:password@host/vhost`. */
  readonly url: string;
  /** The queue. It has to exist; make it durable. */
  readonly queue: string;
  /** Where messages are sent. *Default*: straight to the queue. */
  readonly exchange?: string;
  /** *Default*: the queue. */
  readonly routingKey?: string;
}

/** How long a server may take. *Units*: milliseconds. */
const rabbitmqMs = 5_000;
/** How long a close waits for the server. *Units*: milliseconds. */
const closeMs = 1_000;

/** Loads the client. *Faults thrown*: as `loadPackage`. */
const loadRabbitmq = () => loadPackage("plimsoll/rabbitmq", "rabbitmq-client", () => import("rabbitmq-client"));

/** Makes a connection, which is opened in the background, and again whenever it is lost. */
export async function rabbitmqConnection({ url }: RabbitmqSpec): Promise<Connection> {
  const { Connection: Client } = await loadRabbitmq();
  const times = { connectionTimeout: rabbitmqMs, acquireTimeout: rabbitmqMs, retryLow: 250, retryHigh: 2_000, heartbeat: 10 };
  const connection = new Client({ url, ...times });
  // Each failure reaches who asks; without a listener it would end the process.
  connection.on("error", () => undefined);
  return connection;
}

/** Opens a channel. *Faults thrown*: `unavailable` of type `broker_unavailable`. */
export async function openChannel(connection: Connection): Promise<Channel> {
  try {
    const channel = await connection.acquire();
    channel.on("error", () => undefined);
    return channel;
  } catch (error) {
    throw brokerUnavailable("RabbitMQ", error);
  }
}

/** Closes a connection with its channel, also one whose server does not respond. */
export async function closeConnection(connection: Connection, clock: Clock, channel?: Channel): Promise<void> {
  const close = async () => {
    await channel?.close();
    await connection.close();
  };
  await within(clock, closeMs, close()).catch(() => connection.unsafeDestroy());
}

/** What a failure of the client means: the queue is not there, or the server cannot be reached. */
export function rabbitmqFault(error: unknown, queue: string) {
  const { code } = error as { readonly code?: unknown };
  return code === "NOT_FOUND" ? placeMissing("RabbitMQ", `queue ${queue}`, error) : brokerUnavailable("RabbitMQ", error);
}
