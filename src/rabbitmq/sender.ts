import type { Channel, Connection, ReturnedMessage } from "rabbitmq-client";
import type { Clock } from "../core/clock.ts";
import { brokerUnavailable, untilAborted } from "../messaging/broker-faults.ts";
import type { MessageSender, MessagingHost, OutgoingMessage } from "../operation/messaging/sender.ts";
import { closeConnection, openChannel, type RabbitmqSpec, rabbitmqConnection, rabbitmqFault } from "./connection.ts";

/** Makes a sender with publisher confirms. It resolves also where the server is away. */
export async function openRabbitmqSender(spec: RabbitmqSpec, { clock }: MessagingHost): Promise<MessageSender> {
  const connection = await rabbitmqConnection(spec);
  const sender = new RabbitmqSender(spec, connection);
  return { send: (message, signal) => sender.send(message, signal), close: () => sender.close(clock) };
}

class RabbitmqSender {
  readonly #spec: RabbitmqSpec;
  readonly #connection: Connection;
  /** The ids of messages that no queue took. */
  readonly #returned = new Set<string>();
  #opening: Promise<Channel> | undefined;

  constructor(spec: RabbitmqSpec, connection: Connection) {
    this.#spec = spec;
    this.#connection = connection;
  }

  async send({ id, type, headers, body }: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const { queue, exchange = "", routingKey = queue } = this.#spec;
    try {
      const channel = await untilAborted(this.#open(), signal);
      // With a parameter, so that no client parses the body on its own: it would take large numbers and equal keys for others.
      const properties = { messageId: id, type, contentType: `${headers["content-type"] ?? "application/octet-stream"}; charset=utf-8` };
      const envelope = { exchange, routingKey, durable: true, mandatory: true, headers: { ...headers }, ...properties };
      await untilAborted(channel.basicPublish(envelope, Buffer.from(body)), signal);
    } catch (error) {
      throw brokerUnavailable("RabbitMQ", error);
    }
    // The server confirms it all the same, and drops it.
    if (this.#returned.delete(id)) throw rabbitmqFault({ code: "NO_ROUTE", message: "no queue is bound for the message" }, queue);
  }

  async close(clock: Clock): Promise<void> {
    await closeConnection(this.#connection, clock, await this.#opening?.catch(() => undefined));
  }

  async #open(): Promise<Channel> {
    const known = await this.#opening?.catch(() => undefined);
    if (known?.active === true) return known;
    this.#opening = this.#openNew();
    return this.#opening;
  }

  async #openNew(): Promise<Channel> {
    const channel = await openChannel(this.#connection);
    channel.on("basic.return", ({ messageId }: ReturnedMessage) => {
      if (messageId !== undefined) this.#returned.add(messageId);
    });
    await channel.confirmSelect();
    return channel;
  }
}
