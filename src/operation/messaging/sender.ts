import type { Clock } from "../../core/clock.ts";

/** A message that is sent: a CloudEvent in the binary form, its attributes in headers. */
export interface OutgoingMessage {
  /** The id of the event, the same each time that it is sent: brokers and receivers know a duplicate by it. */
  readonly id: string;
  /** What the event is about. Messages of one key are sent one after the other. */
  readonly key: string;
  /** The name of the event. */
  readonly type: string;
  /** In printable ASCII, their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an app gives to what sends and receives. */
export interface MessagingHost {
  readonly clock: Clock;
}

/**
 * Sends messages to one place of a broker.
 * *Guarantees asked of an implementation*: `send` resolves only when the broker has confirmed the message as durably as it can; what it sent before a rejection
 * may have arrived. It connects again by itself.
 */
export interface MessageSender {
  /**
   * *Faults thrown*: `unavailable` or `deadline_exceeded` where the message may be sent again; any other where the broker never takes it, such as one that is too
   * large.
   */
  send(message: OutgoingMessage, signal: AbortSignal): Promise<void>;
  /** Resolves when its connections are closed; never rejects. */
  close(): Promise<void>;
}

/** Makes a sender: what `relay({ to })` takes. */
export interface SenderSource {
  /** The kind of broker, in messages and metrics. */
  readonly broker: string;
  /**
   * Makes a sender for one app. It resolves without the broker, which need not be there yet.
   * *Faults thrown*: `failed_precondition` where a package is not installed, or the address is wrong.
   */
  openSender(host: MessagingHost): Promise<MessageSender>;
}
