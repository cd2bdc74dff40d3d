import type { Consumer, JsMsg, StreamInfo } from "@nats-io/jetstream";
import type { Clock } from "../core/clock.ts";
import { brokerUnavailable, placeMissing, untilAborted, within } from "../messaging/broker-faults.ts";
import type { BatchBounds, IncomingBatch, IncomingMessage, MessageReceiver, ReceiverHost } from "../operation/messaging/receiver.ts";
import { connectNats, defaultTimeoutMs, loadJetStream, type NatsSpec, type OpenNats } from "./connection.ts";

/** Where a stream was received to: the sequence of a message and its time, by which it is known again, and when the stream was created. */
interface StreamPosition {
  readonly created: string;
  readonly sequence: number;
  readonly time: string;
}

const shard = "stream";
/** How long a close waits for the server: otherwise it forgets the consumer by itself. */
const closeMs = 500;
/** After what time without a receiver the server forgets a consumer. */
const inactiveNanos = 30_000_000_000;

/** Opens a receiver of a stream. *Faults thrown*: `unavailable`, `failed_precondition` of type `broker_place_missing`. */
export async function openNatsReceiver(spec: NatsSpec, { positions, clock }: ReceiverHost): Promise<MessageReceiver> {
  const open = await connectNats(spec);
  try {
    const { JetStreamApiError } = await loadJetStream();
    const info = await open.manager.streams.info(spec.stream).catch((error: unknown) => {
      throw error instanceof JetStreamApiError && error.code === 10_059 ? placeMissing("NATS", `stream ${spec.stream}`, error) : error;
    });
    const stored = positions.get(shard);
    const after = stored === undefined ? undefined : await foundAgain(open, info, parse(stored));
    return new NatsReceiver({ open, clock, info, consumer: await consumerAfter(open, spec, after) });
  } catch (error) {
    await open.connection.close().catch(() => undefined);
    throw brokerUnavailable("NATS", error);
  }
}

/**
 * The sequence after which a stream is read; undefined for all of it. A server that lost its last writes gives their sequences to others: where the message at the
 * position is another, everything is received again, and what is known is left out by its id.
 */
async function foundAgain({ manager }: OpenNats, info: StreamInfo, position: StreamPosition): Promise<number | undefined> {
  const { created, state, config } = info;
  const { sequence, time } = position;
  if (created !== position.created || sequence > state.last_seq) return undefined;
  if (sequence < state.first_seq) return sequence;
  const found = await manager.streams.getMessage(config.name, { seq: sequence });
  return found === null || found.time.getTime() === Number(time) ? sequence : undefined;
}

async function consumerAfter({ manager, client }: OpenNats, { stream, subject }: NatsSpec, after: number | undefined): Promise<Consumer> {
  const { AckPolicy, DeliverPolicy, ReplayPolicy } = await loadJetStream();
  const from =
    after === undefined ? { deliver_policy: DeliverPolicy.All } : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 };
  const { name } = await manager.consumers.add(stream, {
    ...from,
    ...{ ack_policy: AckPolicy.None, replay_policy: ReplayPolicy.Instant, filter_subject: subject, mem_storage: true, num_replicas: 1 },
    inactive_threshold: inactiveNanos,
  });
  return client.consumers.get(stream, name);
}

class NatsReceiver implements MessageReceiver {
  readonly #open: OpenNats;
  readonly #clock: Clock;
  readonly #info: StreamInfo;
  readonly #consumer: Consumer;
  /** How many the consumer has delivered: one that is left out was lost on the way. */
  #delivered = 0;

  constructor({
    open,
    clock,
    info,
    consumer,
  }: { readonly open: OpenNats; readonly clock: Clock; readonly info: StreamInfo; readonly consumer: Consumer }) {
    this.#open = open;
    this.#clock = clock;
    this.#info = info;
    this.#consumer = consumer;
  }

  async receive(bounds: BatchBounds, signal: AbortSignal): Promise<IncomingBatch | undefined> {
    try {
      const found = await untilAborted(within(this.#clock, bounds.waitMs + defaultTimeoutMs, this.#fetch(bounds)), signal);
      const last = found.at(-1);
      if (last === undefined) {
        // A consumer that the server has forgotten delivers nothing more.
        await untilAborted(this.#consumer.info(), signal);
        return undefined;
      }
      const position = { created: this.#info.created, sequence: last.info.streamSequence, time: String(last.time.getTime()) };
      return { shard, messages: found.map(incoming), position: format(position) };
    } catch (error) {
      if (signal.aborted) return undefined;
      throw brokerUnavailable("NATS", error);
    }
  }

  async stored(): Promise<void> {}

  async lag(): Promise<number> {
    return (await this.#consumer.info()).num_pending;
  }

  async close(): Promise<void> {
    const { connection } = this.#open;
    if (!connection.isClosed()) await within(this.#clock, closeMs, this.#consumer.delete()).catch(() => undefined);
    await connection.close().catch(() => undefined);
  }

  async #fetch({ messages: most, bytes, waitMs }: BatchBounds): Promise<JsMsg[]> {
    const found: JsMsg[] = [];
    // The first alone, since a request for many waits until all of them are there.
    const first = await this.#consumer.next({ expires: Math.max(1_000, waitMs) });
    if (first === null) return found;
    this.#take(first, found);
    const fitting = Math.floor(bytes / Math.max(first.data.length, 1_024));
    const waiting = Math.min(most - 1, first.info.pending, fitting);
    if (waiting <= 0) return found;
    for await (const message of await this.#consumer.fetch({ max_messages: waiting, expires: 1_000 })) this.#take(message, found);
    return found;
  }

  #take(message: JsMsg, found: JsMsg[]): void {
    const { deliverySequence } = message.info;
    if (deliverySequence !== this.#delivered + 1)
      throw new RangeError(`message ${this.#delivered + 1} of the consumer was lost on its way, and ${deliverySequence} came`);
    this.#delivered = deliverySequence;
    found.push(message);
  }
}

function incoming(message: JsMsg): IncomingMessage {
  const headers: Record<string, readonly string[] | string> = {};
  for (const [name, values] of message.headers ?? []) headers[name] = values.length === 1 ? (values[0] as string) : values;
  return { headers, body: message.data, place: `${message.info.stream} ${message.info.streamSequence}` };
}

const format = ({ created, sequence, time }: StreamPosition): string => `${sequence} ${time} ${created}`;

function parse(text: string): StreamPosition {
  const [sequence = "0", time = "", created = ""] = text.split(" ");
  return { sequence: Number(sequence), time, created };
}
