import { brokerUnavailable, messageRefused, untilAborted } from "../messaging/broker-faults.ts";
import type { MessageSender, OutgoingMessage } from "../operation/messaging/sender.ts";
import { connectNats, defaultTimeoutMs, type NatsSpec, type OpenNats } from "./connection.ts";

/** Codes of the server by which it never takes a message: it is larger than its stream allows, or has a header too many. */
const refusals: ReadonlySet<number> = new Set([10_054, 10_097]);

/** Publishes to a stream, and waits until the server says that it is stored. */
export class NatsSender implements MessageSender {
  readonly #spec: NatsSpec;
  #opening: Promise<OpenNats> | undefined;
  #isClosed = false;

  constructor(spec: NatsSpec) {
    this.#spec = spec;
  }

  async send({ id, headers: given, body }: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const { subject, stream, timeoutMs = defaultTimeoutMs } = this.#spec;
    const { client, transport, jetstream } = await untilAborted(this.#open(), signal);
    const headers = transport.headers();
    for (const name in given) headers.append(name, given[name] as string);
    try {
      const options = { msgID: id, headers, timeout: timeoutMs, expect: { streamName: stream } };
      await untilAborted(client.publish(subject, body, options), signal);
    } catch (error) {
      const isRefused =
        error instanceof transport.InvalidArgumentError ||
        (error instanceof jetstream.JetStreamApiError && refusals.has(error.apiError().err_code));
      throw isRefused ? messageRefused("NATS", error) : brokerUnavailable("NATS", error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const open = await this.#opening?.catch(() => undefined);
    await open?.connection.close().catch(() => undefined);
  }

  async #open(): Promise<OpenNats> {
    if (this.#isClosed) throw brokerUnavailable("NATS", new RangeError("the sender is closed"));
    this.#opening ??= this.#openNew();
    return this.#opening;
  }

  #openNew(): Promise<OpenNats> {
    const opening = connectNats(this.#spec);
    const forget = () => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    // The client gives up for good where a server refuses it twice, as while a password changes: the next message opens another.
    opening.then(({ connection }) => connection.closed().then(forget), forget);
    return opening;
  }
}
