import assert from "node:assert/strict";
import { type Clock, sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import type { IncomingBatch, IncomingMessage, MessageReceiver, ReceiverSource } from "../../operation/messaging/receiver.ts";
import type { MessageSender, OutgoingMessage, SenderSource } from "../../operation/messaging/sender.ts";
import type { ConformanceCase } from "./rate-store.ts";

/** What the suite needs of a broker. */
export interface MessageBrokerSample {
  /** Opens a place of the broker that has no messages yet. */
  create(): Promise<SenderSource & ReceiverSource>;
  readonly clock: Clock;
  /** Makes the broker unreachable until what it returns is called. *Default*: the cases that need it are left out. */
  readonly cut?: () => Promise<() => Promise<void>>;
  /** A body of more bytes than the broker takes. *Default*: the case is left out. */
  readonly tooLarge?: number;
}

interface Bench {
  readonly clock: Clock;
  readonly place: SenderSource & ReceiverSource;
  readonly sender: MessageSender;
  readonly cut: MessageBrokerSample["cut"];
  readonly tooLarge: number;
  /** Opens a receiver where the last one has stored to. */
  open(): Promise<MessageReceiver>;
  send(message: Partial<OutgoingMessage>): Promise<void>;
  /** Receives so many messages, and stores those for which `stores` says so. */
  take(receiver: MessageReceiver, count: number, options?: { readonly stores?: boolean }): Promise<IncomingMessage[]>;
}

const patience = 15_000;
const bounds = { messages: 20, bytes: 1_048_576, waitMs: 200 };
const never = new AbortController().signal;
const text = (message: IncomingMessage | undefined): string => Buffer.from(message?.body ?? "").toString();
const texts = (messages: readonly IncomingMessage[]): string[] => messages.map(text);
const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, n) => String(from + n));

function header({ headers }: IncomingMessage, name: string): unknown {
  return Object.entries(headers).find(([known]) => known.toLowerCase() === name)?.[1];
}

const claims: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  "brings what was sent, with its headers and the bytes of its body": async ({ open, send, take }) => {
    const headers = { "content-type": "application/json", "ce-id": "a-1", "ce-type": "shelf.book-added", "ce-partitionkey": "%C3%A9%20x" };
    const body = JSON.stringify({ text: "é\u0000𐍈 \"'\\" });
    await send({ id: "a-1", headers, body });
    const [message] = await take(await open(), 1);
    assert.equal(text(message), body);
    for (const [name, value] of Object.entries(headers)) assert.equal(header(message as IncomingMessage, name), value);
    assert.ok((message as IncomingMessage).place.length > 0);
  },
  "brings an empty body": async ({ open, send, take }) => {
    await send({ body: "" });
    assert.deepEqual(texts(await take(await open(), 1)), [""]);
  },
  "keeps the order of a key": async ({ open, send, take }) => {
    for (const body of numbers(30)) await send({ key: `key-${Number(body) % 3}`, body });
    const received = texts(await take(await open(), 30));
    for (const rest of [0, 1, 2]) {
      const own = received.filter((body) => Number(body) % 3 === rest);
      assert.deepEqual(
        own,
        numbers(30).filter((body) => Number(body) % 3 === rest),
      );
    }
  },
  "brings what is sent while it waits": async ({ open, send, take }) => {
    const receiver = await open();
    const [received] = await Promise.all([take(receiver, 1), send({ body: "late" })]);
    assert.deepEqual(texts(received), ["late"]);
  },
  "brings again what was not stored, in its order and before what is behind it": async ({ open, send, take }) => {
    for (const body of numbers(5)) await send({ body });
    const first = await open();
    assert.deepEqual(texts(await take(first, 5, { stores: false })), numbers(5));
    await first.close();
    for (const body of numbers(5, 5)) await send({ body });
    assert.deepEqual(texts(await take(await open(), 10)), numbers(10));
  },
  "does not bring again what was stored": async ({ open, send, take }) => {
    for (const body of numbers(5)) await send({ body });
    const first = await open();
    await take(first, 5);
    await first.close();
    await send({ body: "next" });
    assert.deepEqual(texts(await take(await open(), 1)), ["next"]);
  },
  "resolves with nothing where nothing comes, and where its signal aborts": async ({ open }) => {
    const receiver = await open();
    assert.equal(await receiver.receive({ ...bounds, waitMs: 50 }, never), undefined);
    const stop = new AbortController();
    const waiting = receiver.receive({ ...bounds, waitMs: 60_000 }, stop.signal);
    stop.abort();
    assert.equal(await waiting, undefined);
  },
  "keeps to the bound of a batch": async ({ open, send }) => {
    for (const body of numbers(9)) await send({ body });
    const receiver = await open();
    const batch = await receiver.receive({ ...bounds, messages: 4, waitMs: 5_000 }, never);
    const { length } = (batch as IncomingBatch).messages;
    assert.ok(length >= 1 && length <= 4, `${length} messages came`);
  },
  "says how much is left, where it says anything": async ({ open, send, take }) => {
    for (const body of numbers(3)) await send({ body });
    const receiver = await open();
    await take(receiver, 3);
    const none = await receiver.lag();
    assert.ok(none === undefined || none === 0, `${none} are left`);
  },
  "closes more than once": async ({ open, sender }) => {
    const receiver = await open();
    await receiver.close();
    await receiver.close();
    await sender.close();
    await sender.close();
  },
};

const whereCut: typeof claims = {
  "says that it is unavailable while it cannot be reached, and sends again by itself": async ({ clock, cut, open, send, take }) => {
    await send({ body: "before" });
    const heal = await (cut as NonNullable<Bench["cut"]>)();
    try {
      await assert.rejects(send({ body: "meanwhile" }), isPassing);
      await assert.rejects(open(), isPassing);
    } finally {
      await heal();
    }
    await untilWorks(clock, () => send({ body: "after" }));
    const received = new Set<string>();
    const receiver = await untilWorks(clock, open);
    while (!received.has("after")) for (const body of texts(await take(receiver, 1))) received.add(body);
    assert.ok(received.has("before"));
  },
  "fails, or comes to nothing, where it is cut while it waits, and loses nothing": async ({ clock, cut, open, send, take }) => {
    const receiver = await open();
    await send({ body: "0" });
    assert.deepEqual(texts(await take(receiver, 1)), ["0"]);
    const heal = await (cut as NonNullable<Bench["cut"]>)();
    await receiver.receive({ ...bounds, waitMs: 500 }, never).catch((error: unknown) => assert.ok(isPassing(error)));
    await heal();
    await receiver.close();
    await untilWorks(clock, () => send({ body: "1" }));
    const again = await untilWorks(clock, open);
    const received: string[] = [];
    while (!received.includes("1")) received.push(...texts(await take(again, 1)));
    // Whether the broker has the acknowledgement of the first is not known: it may come again, and before the second.
    assert.ok(["1", "0,1"].includes(received.join()), received.join());
  },
};

const whereLimited: typeof claims = {
  "refuses for good what is too large, and sends what follows": async ({ clock, tooLarge, send, open, take }) => {
    await assert.rejects(
      send({ body: "x".repeat(tooLarge) }),
      ({ code, type }: Fault) => code === "invalid_argument" && type === "message_refused",
    );
    await untilWorks(clock, () => send({ body: "small" }));
    assert.deepEqual(texts(await take(await open(), 1)), ["small"]);
  },
};

function signalAfter(clock: Clock, ms: number): AbortSignal {
  const controller = new AbortController();
  const late = new Fault({ code: "deadline_exceeded", message: `It took longer than ${ms} ms.` });
  clock.schedule(ms, () => controller.abort(late));
  return controller.signal;
}

const isPassing = (error: unknown): boolean => error instanceof Fault && ["unavailable", "deadline_exceeded"].includes(error.code);

async function untilWorks<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const until = clock.monotonic() + patience;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (clock.monotonic() > until || !isPassing(error)) throw error;
      await sleep(clock, 50);
    }
  }
}

/**
 * Checks that a broker does what relays and subscriptions expect of what sends to it and receives from it.
 * @example for (const { name, run } of messageBrokerConformance({ create: async () => nats({ … }), clock: systemClock })) it(name, run);
 */
export function messageBrokerConformance(sample: MessageBrokerSample): readonly ConformanceCase[] {
  const all = { ...claims, ...(sample.cut && whereCut), ...(sample.tooLarge !== undefined && whereLimited) };
  return Object.entries(all).map(([name, claim]) => ({ name, run: () => onBench(sample, claim) }));
}

async function onBench({ create, clock, cut, tooLarge = 0 }: MessageBrokerSample, claim: (bench: Bench) => Promise<void>): Promise<void> {
  const place = await create();
  const sender = await place.openSender({ clock });
  const positions = new Map<string, string>();
  const receivers: MessageReceiver[] = [];
  let sent = 0;
  const bench: Bench = {
    ...{ clock, place, sender, cut, tooLarge },
    send: (message) =>
      sender.send(
        { id: `message-${sent++}`, key: "key", type: "shelf.book-added", headers: {}, body: "", ...message },
        signalAfter(clock, 3_000),
      ),
    open: async () => {
      const receiver = await place.openReceiver({ clock, name: "conformance.reads", positions });
      receivers.push(receiver);
      return receiver;
    },
    take: async (receiver, count, { stores = true } = {}) => {
      const found: IncomingMessage[] = [];
      const until = clock.monotonic() + patience;
      while (found.length < count) {
        assert.ok(clock.monotonic() < until, `${found.length} of ${count} messages came within ${patience} ms`);
        const batch = await receiver.receive({ ...bounds, messages: Math.min(bounds.messages, count - found.length) }, never);
        if (batch === undefined) continue;
        found.push(...batch.messages);
        if (!stores) continue;
        if (batch.position !== undefined) positions.set(batch.shard, batch.position);
        await receiver.stored(batch);
      }
      return found;
    },
  };
  try {
    await claim(bench);
  } finally {
    await Promise.all(receivers.map((receiver) => receiver.close()));
    await sender.close();
  }
}
