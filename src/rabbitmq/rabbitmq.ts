import type { ReceiverSource } from "../operation/messaging/receiver.ts";
import type { SenderSource } from "../operation/messaging/sender.ts";
import type { RabbitmqSpec } from "./connection.ts";
import { openRabbitmqReceiver } from "./receiver.ts";
import { openRabbitmqSender } from "./sender.ts";

/**
 * Sends to an exchange, or straight to a queue, and receives from a queue of RabbitMQ. It needs the package `rabbitmq-client`.
 *
 * The server itself keeps what was not acknowledged. A queue is read by one consumer at a time, and a message is acknowledged once it is in the database.
 * *Guarantees*: a message is sent once the server has confirmed it, and has a queue for it.
 * @example const bus = rabbitmq({ url: "amqps://shop@bus", queue: "shipping.orders", exchange: "shop", routingKey: "orders" });
 */
export function rabbitmq(spec: RabbitmqSpec): SenderSource & ReceiverSource {
  return {
    broker: "rabbitmq",
    openSender: (host) => openRabbitmqSender(spec, host),
    openReceiver: (host) => openRabbitmqReceiver(spec, host),
  };
}
