import { Signal } from "../core/signals.ts";

/** What happens to messages in this process. */
export interface MessagingSignals {
  /** A batch was stored. `duplicates`: known by their ids; `ignored`: of types that the subscription does not list. */
  readonly received: Signal<{
    readonly subscription: string;
    readonly broker: string;
    readonly shard: string;
    readonly events: number;
    readonly duplicates: number;
    readonly ignored: number;
    readonly refused: number;
  }>;
  /** Messages that no subscription can handle, each kept with its reason. */
  readonly deadLettered: Signal<{
    readonly subscription: string;
    readonly broker: string;
    readonly place: string;
    readonly reason: string;
  }>;
  /** A subscription began to receive in this process, or ended. */
  readonly receiving: Signal<{ readonly subscription: string; readonly isOpen: boolean }>;
  /** A subscription has received as much as it may before it handles. */
  readonly full: Signal<{ readonly subscription: string; readonly unhandled: number }>;
  /** A broker, or the database, cannot be reached; it is tried again. */
  readonly failing: Signal<{ readonly subscription: string; readonly broker: string; readonly error: unknown }>;
}

/** Creates the signals of one app's messages. */
export function messagingSignals(): MessagingSignals {
  return {
    received: new Signal("messagesReceived"),
    deadLettered: new Signal("messageDeadLettered"),
    receiving: new Signal("messagesReceiving"),
    full: new Signal("inboxFull"),
    failing: new Signal("messagingFailing"),
  };
}
