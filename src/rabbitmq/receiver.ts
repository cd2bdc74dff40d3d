import { createHash } from "node:crypto";
import type { AsyncMessage, Channel, Connection } from "rabbitmq-client";
import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import { brokerUnavailable } from "../messaging/broker-faults.ts";
import type { BatchBounds, IncomingBatch, IncomingMessage, MessageReceiver, ReceiverHost } from "../operation/messaging/receiver.ts";
import { closeConnection, openChannel, type RabbitmqSpec, rabbitmqConnection, rabbitmqFault } from "./connection.ts";

/** Opens a receiver of a queue, as its only consumer. *Faults thrown*: `unavailable`, `failed_precondition` of type `broker_place_missing`. */
export async function openRabbitmqReceiver(spec: RabbitmqSpec, { clock }: ReceiverHost): Promise<MessageReceiver> {
  const connection = await rabbitmqConnection(spec);
  try {
    const channel = await openChannel(connection);
    const receiver = new RabbitmqReceiver({ connection, channel, clock, queue: spec.queue });
    await receiver.consume();
    return receiver;
  } catch (error) {
    await closeConnection(connection, clock);
    throw rabbitmqFault(error, spec.queue);
  }
}

class RabbitmqReceiver implements MessageReceiver {
  readonly #connection: Connection;
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #queue: string;
  /** Delivered, and not received yet. *Bounds*: the prefetch. */
  readonly #waiting: AsyncMessage[] = [];
  readonly #lastTags = new WeakMap<IncomingBatch, number>();
  #wake: () => void = () => undefined;
  #lost: unknown;

  constructor(options: { readonly connection: Connection; readonly channel: Channel; readonly clock: Clock; readonly queue: string }) {
    this.#connection = options.connection;
    this.#channel = options.channel;
    this.#clock = options.clock;
    this.#queue = options.queue;
  }

  async consume(): Promise<void> {
    const channel = this.#channel;
    const lose = (error: unknown) => {
      this.#lost ??= error;
      this.#wake();
    };
    channel.on("close", () => lose(new RangeError("the channel was closed")));
    channel.on("basic.cancel", () => lose(new RangeError("the server has ended the consumer: the queue may have been deleted")));
    await channel.basicQos({ prefetchCount: limits.inboxBatch });
    // Alone: two consumers of one queue would each get a part, in no order.
    await channel.basicConsume({ queue: this.#queue, exclusive: true }, (message) => {
      this.#waiting.push(message);
      this.#wake();
    });
  }

  async receive({ messages: most, bytes, waitMs }: BatchBounds, signal: AbortSignal): Promise<IncomingBatch | undefined> {
    if (this.#waiting.length === 0 && this.#lost === undefined && !signal.aborted) await this.#delivery(waitMs, signal);
    if (this.#lost !== undefined) throw brokerUnavailable("RabbitMQ", this.#lost);
    if (signal.aborted || this.#waiting.length === 0) return undefined;
    const messages: IncomingMessage[] = [];
    let size = 0;
    let tag = 0;
    while (this.#waiting.length > 0 && messages.length < most) {
      const next = this.#waiting[0] as AsyncMessage;
      const message = incoming(this.#queue, next);
      size += message.body.length;
      if (size > bytes && messages.length > 0) break;
      this.#waiting.shift();
      messages.push(message);
      tag = next.deliveryTag;
    }
    const batch = { shard: this.#queue, messages, position: undefined };
    this.#lastTags.set(batch, tag);
    return batch;
  }

  /** Acknowledges everything up to the end of the batch at once: no part of it comes again without the rest. */
  async stored(batch: IncomingBatch): Promise<void> {
    const deliveryTag = this.#lastTags.get(batch);
    if (this.#lost !== undefined || deliveryTag === undefined) throw brokerUnavailable("RabbitMQ", this.#lost);
    try {
      await this.#channel.basicAck({ deliveryTag, multiple: true });
    } catch (error) {
      throw brokerUnavailable("RabbitMQ", error);
    }
  }

  async lag(): Promise<number> {
    const { messageCount } = await this.#connection.queueDeclare({ queue: this.#queue, passive: true });
    return messageCount + this.#waiting.length;
  }

  async close(): Promise<void> {
    this.#lost ??= new RangeError("the receiver is closed");
    this.#wake();
    await closeConnection(this.#connection, this.#clock, this.#channel);
  }

  #delivery(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        signal.removeEventListener("abort", end);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = this.#clock.schedule(waitMs, end);
      signal.addEventListener("abort", end, { once: true });
      this.#wake = end;
    });
  }
}

function incoming(queue: string, { headers = {}, contentType, messageId, body }: AsyncMessage): IncomingMessage {
  const texts = Object.entries(headers as Readonly<Record<string, unknown>>).map(([name, value]) => [name, String(value)] as const);
  const bytes = bytesOf(body, contentType);
  const type = contentType === undefined ? {} : { "content-type": contentType };
  const place = `${queue} ${messageId ?? createHash("sha256").update(bytes).digest("hex")}`;
  return { headers: { ...type, ...Object.fromEntries(texts) }, body: bytes, place };
}

/** The client has parsed what is of these two types. */
function bytesOf(body: unknown, type: string | undefined): Uint8Array {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(type === "text/plain" ? String(body) : JSON.stringify(body));
}
