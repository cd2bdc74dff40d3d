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

/** A message that was sent, and of which the server has not said everything yet. */
interface Sent {
  readonly id: string;
  /** Whether no queue took it. */
  isReturned: boolean;
}

class RabbitmqSender {
  readonly #spec: RabbitmqSpec;
  readonly #connection: Connection;
  /** *Bounds*: what its callers have under way. */
  readonly #sent = new Set<Sent>();
  #opening: Promise<Channel> | undefined;

  constructor(spec: RabbitmqSpec, connection: Connection) {
    this.#spec = spec;
    this.#connection = connection;
  }

  async send(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const sent: Sent = { id: message.id, isReturned: false };
    this.#sent.add(sent);
    try {
      await untilAborted(this.#publish(message, signal), signal);
      // The server returns a message and then confirms it; the client emits what came first one turn later, and the other at once.
      await new Promise<void>((resolve) => void setImmediate(resolve));
    } catch (error) {
      throw brokerUnavailable("RabbitMQ", error);
    } finally {
      this.#sent.delete(sent);
    }
    // The server confirms it all the same, and drops it.
    if (sent.isReturned) throw rabbitmqFault({ code: "NO_ROUTE", message: "no queue is bound for the message" }, this.#spec.queue);
  }

  async close(clock: Clock): Promise<void> {
    await closeConnection(this.#connection, clock, await this.#opening?.catch(() => undefined));
  }

  async #publish({ id, type, headers, body }: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const { queue, exchange = "", routingKey = queue } = this.#spec;
    const channel = await untilAborted(this.#open(), signal);
    // With a parameter, so that no client parses the body on its own: it would take large numbers and equal keys for others.
    const properties = { messageId: id, type, contentType: `${headers["content-type"] ?? "application/octet-stream"}; charset=utf-8` };
    const envelope = { exchange, routingKey, durable: true, mandatory: true, headers: { ...headers }, ...properties };
    await channel.basicPublish(envelope, Buffer.from(body));
  }

  /** The channel of all senders: opened once, however many ask for it, and again once it is lost. */
  #open(): Promise<Channel> {
    this.#opening ??= this.#openNew();
    return this.#opening;
  }

  #openNew(): Promise<Channel> {
    const forget = () => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    const opening = this.#confirming(forget);
    opening.catch(forget);
    return opening;
  }

  async #confirming(forget: () => void): Promise<Channel> {
    const channel = await openChannel(this.#connection);
    channel.on("close", forget);
    channel.on("basic.return", ({ messageId }: ReturnedMessage) => {
      for (const sent of this.#sent) if (sent.id === messageId) sent.isReturned = true;
    });
    try {
      await channel.confirmSelect();
    } catch (error) {
      // Or it would count among the channels of the connection for good.
      await channel.close();
      throw error;
    }
    return channel;
  }
}
