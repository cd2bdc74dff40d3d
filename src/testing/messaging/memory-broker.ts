import { Fault } from "../../core/fault.ts";
import type {
  BatchBounds,
  IncomingBatch,
  IncomingMessage,
  MessageReceiver,
  ReceiverHost,
  ReceiverSource,
} from "../../operation/messaging/receiver.ts";
import type { MessageSender, SenderSource } from "../../operation/messaging/sender.ts";

/** Which of its parts keeps what was received: the receiver its position, as with a log; or the broker what was not acknowledged, as with a queue. */
export type MemoryBrokerForm = "log" | "queue";

interface Shard {
  readonly name: string;
  readonly messages: IncomingMessage[];
  /** Of a queue: everything before it was acknowledged. */
  acknowledged: number;
}

const bodyBytes = 1_048_576;

/**
 * A broker in memory, for tests: what `relay({ to })` and `subscription({ from })` take. Messages of one key are in one shard, in their order.
 * @example
 * const broker = new MemoryBroker();
 * const sends = relay("orders.to-bus", { on: [orderPlaced], to: broker });
 */
export class MemoryBroker implements SenderSource, ReceiverSource {
  readonly broker = "memory";
  readonly #form: MemoryBrokerForm;
  readonly #shards: readonly Shard[];
  readonly #waiting = new Set<() => void>();
  /** Whether every request fails, as where the broker is away. */
  isDown = false;
  /** How many of the next messages are stored without that being confirmed. */
  losesConfirmations = 0;
  /** Of a queue: how many of the next acknowledgements do not arrive. */
  losesAcknowledgements = 0;

  constructor({ form = "log", shards = 1 }: { readonly form?: MemoryBrokerForm; readonly shards?: number } = {}) {
    this.#form = form;
    this.#shards = Array.from({ length: shards }, (_, at) => ({ name: String(at), messages: [], acknowledged: 0 }));
  }

  /** All messages, those of each shard in their order. */
  get messages(): readonly IncomingMessage[] {
    return this.#shards.flatMap(({ messages }) => messages);
  }

  /** Puts a message in as another sender does, whatever it is. */
  put(message: Omit<IncomingMessage, "place">, shard = 0): void {
    const { name, messages } = this.#shards[shard] as Shard;
    messages.push({ ...message, place: `${name}/${messages.length}` });
    for (const wake of this.#waiting) wake();
  }

  async openSender(): Promise<MessageSender> {
    let isClosed = false;
    return {
      send: async ({ headers, key, body }, signal) => {
        signal.throwIfAborted();
        if (this.isDown || isClosed) throw away();
        if (body.length > bodyBytes) throw tooLarge();
        this.put({ headers, key, body: Buffer.from(body) }, hash(key) % this.#shards.length);
        if (this.losesConfirmations > 0) {
          this.losesConfirmations--;
          throw away();
        }
      },
      close: async () => {
        isClosed = true;
      },
    };
  }

  async openReceiver({ clock, positions }: ReceiverHost): Promise<MessageReceiver> {
    if (this.isDown) throw away();
    const next = this.#shards.map((shard) => (this.#form === "queue" ? shard.acknowledged : Number(positions.get(shard.name) ?? 0)));
    const taken = new WeakMap<IncomingBatch, number>();
    const take = ({ messages, bytes }: BatchBounds): IncomingBatch | undefined => {
      for (const [at, shard] of this.#shards.entries()) {
        const from = next[at] as number;
        let size = 0;
        const waiting = shard.messages.slice(from, from + messages);
        const found = waiting.filter(({ body }, n) => {
          size += body.length;
          return size <= bytes || n === 0;
        });
        if (found.length === 0) continue;
        next[at] = from + found.length;
        const position = this.#form === "queue" ? undefined : String(next[at]);
        const batch = { shard: shard.name, messages: found, position };
        taken.set(batch, next[at] as number);
        return batch;
      }
      return undefined;
    };
    return {
      receive: async (bounds, signal) => {
        if (this.isDown) throw away();
        const found = take(bounds);
        if (found !== undefined || signal.aborted) return found;
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = clock.schedule(bounds.waitMs, resolve);
        this.#waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
        await promise;
        timer.cancel();
        this.#waiting.delete(resolve);
        if (this.isDown) throw away();
        return signal.aborted ? undefined : take(bounds);
      },
      stored: async (batch) => {
        if (this.isDown) throw away();
        if (this.losesAcknowledgements > 0) {
          this.losesAcknowledgements--;
          throw away();
        }
        const shard = this.#shards.find(({ name }) => name === batch.shard) as Shard;
        shard.acknowledged = Math.max(shard.acknowledged, taken.get(batch) ?? 0);
      },
      lag: async () => this.#shards.reduce((sum, { messages }, at) => sum + messages.length - (next[at] as number), 0),
      close: async () => undefined,
    };
  }
}

const away = (): Fault =>
  new Fault({
    code: "unavailable",
    type: "broker_unavailable",
    message: "The broker in memory is away, as the test wants. It is tried again.",
  });
const tooLarge = (): Fault =>
  new Fault({ code: "invalid_argument", type: "message_refused", message: "The broker in memory takes no message of more than 1 MiB." });

function hash(text: string): number {
  let sum = 7;
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) >>> 0;
  return sum;
}
