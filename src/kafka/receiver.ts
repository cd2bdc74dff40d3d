import type { Consumer } from "@platformatic/kafka";
import type { Clock } from "../core/clock.ts";
import { brokerUnavailable, placeMissing, untilAborted } from "../messaging/broker-faults.ts";
import type { BatchBounds, IncomingBatch, MessageReceiver, ReceiverHost } from "../operation/messaging/receiver.ts";
import { clientOptions, isOutOfRange, type KafkaSpec, kafkaFault, loadKafka } from "./client.ts";
import { type FetchedPartition, type ReadRecord, readRecords } from "./records.ts";

/** How often it is looked whether the topic has other partitions, or other leaders. *Units*: milliseconds. */
const lookMs = 60_000;
const earliest = -2n;
/** A fetch that finds nothing is answered then: the wait of a receiver may be longer. *Units*: milliseconds. */
const fetchMs = 500;

interface Assigned {
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  /** The offset that is read next. */
  next: bigint;
  /** The offset behind the last message, as the broker said last. */
  end: bigint;
}

/** Opens a receiver of all partitions of a topic. *Faults thrown*: `unavailable`, `failed_precondition` of type `broker_place_missing`. */
export async function openKafkaReceiver(spec: KafkaSpec, { name, positions, clock }: ReceiverHost): Promise<MessageReceiver> {
  const { Consumer: Client } = await loadKafka();
  const { topic } = spec;
  // It joins no group, and commits nothing: the name is for the metrics of the broker.
  const consumer = new Client({ ...clientOptions(spec, "plimsoll-inbox"), groupId: name, autocommit: false });
  try {
    const metadata = await consumer.metadata({ topics: [topic], forceUpdate: true });
    const found = metadata.topics.get(topic);
    if (found === undefined || found.partitionsCount === 0) throw placeMissing("Kafka", `topic ${topic}`);
    const assigned = found.partitions.map(({ leader, leaderEpoch }, partition): Assigned => {
      const next = BigInt(positions.get(`${topic}/${partition}`) ?? 0);
      return { partition, leader, leaderEpoch, next, end: next };
    });
    return new KafkaReceiver({ consumer, clock, topic, topicId: found.id, assigned });
  } catch (error) {
    await consumer.close(true).catch(() => undefined);
    throw kafkaFault(error, topic);
  }
}

class KafkaReceiver implements MessageReceiver {
  readonly #consumer: Consumer;
  readonly #clock: Clock;
  readonly #topic: string;
  readonly #topicId: string;
  readonly #assigned: readonly Assigned[];
  /** Fetched, and not received yet. *Bounds*: one fetch of each broker. */
  readonly #ready: IncomingBatch[] = [];
  #looksAt: number;

  constructor(options: {
    readonly consumer: Consumer;
    readonly clock: Clock;
    readonly topic: string;
    readonly topicId: string;
    readonly assigned: readonly Assigned[];
  }) {
    this.#consumer = options.consumer;
    this.#clock = options.clock;
    this.#topic = options.topic;
    this.#topicId = options.topicId;
    this.#assigned = options.assigned;
    this.#looksAt = options.clock.monotonic() + lookMs;
  }

  async receive(bounds: BatchBounds, signal: AbortSignal): Promise<IncomingBatch | undefined> {
    try {
      if (this.#ready.length === 0) await untilAborted(this.#fetchAll(bounds), signal);
      return this.#ready.shift();
    } catch (error) {
      if (signal.aborted) return undefined;
      throw kafkaFault(error, this.#topic);
    }
  }

  async stored(): Promise<void> {}

  async lag(): Promise<number> {
    return Number(this.#assigned.reduce((sum, { next, end }) => sum + (end > next ? end - next : 0n), 0n));
  }

  async close(): Promise<void> {
    await this.#consumer.close(true).catch(() => undefined);
  }

  async #fetchAll(bounds: BatchBounds): Promise<void> {
    if (this.#clock.monotonic() >= this.#looksAt) await this.#look();
    const byLeader = Map.groupBy(this.#assigned, ({ leader }) => leader);
    await Promise.all([...byLeader].map(([node, assigned]) => this.#fetch(node, assigned, bounds)));
  }

  /** Opened again where the topic is not as it was. */
  async #look(): Promise<void> {
    const { topics } = await this.#consumer.metadata({ topics: [this.#topic], forceUpdate: true });
    const found = topics.get(this.#topic);
    const isSame =
      found?.id === this.#topicId &&
      found.partitionsCount === this.#assigned.length &&
      this.#assigned.every(({ leader, partition }) => found.partitions[partition]?.leader === leader);
    if (!isSame) throw brokerUnavailable("Kafka", new RangeError(`the topic ${this.#topic} has other partitions or leaders than before`));
    this.#looksAt = this.#clock.monotonic() + lookMs;
  }

  async #fetch(node: number, assigned: readonly Assigned[], bounds: BatchBounds): Promise<void> {
    const partitions = assigned.map(({ partition, leaderEpoch, next }) => ({
      ...{ partition, currentLeaderEpoch: leaderEpoch, fetchOffset: next, lastFetchedEpoch: -1, logStartOffset: -1n },
      partitionMaxBytes: bounds.bytes,
    }));
    const topics = [{ topic: this.#topic, topicName: this.#topic, topicId: this.#topicId, partitions }];
    const waits = { maxWaitTime: Math.min(bounds.waitMs, fetchMs), minBytes: 1, maxBytes: bounds.bytes };
    try {
      // Only what was committed, where producers use transactions.
      const { responses } = await this.#consumer.fetch({ node, topics, ...waits, isolationLevel: 1 });
      for (const found of responses.flatMap((response) => response.partitions)) this.#take(found, bounds);
    } catch (error) {
      if (!isOutOfRange(error)) throw error;
      await this.#restart(assigned);
    }
  }

  #take(found: FetchedPartition, { messages: most }: BatchBounds): void {
    const own = this.#assigned[found.partitionIndex] as Assigned;
    own.end = found.lastStableOffset >= 0n ? found.lastStableOffset : found.highWatermark;
    const { records, next } = readRecords(found, own.next);
    const shard = `${this.#topic}/${own.partition}`;
    for (let at = 0; at < records.length; at += most) {
      const part = records.slice(at, at + most);
      const position = at + most >= records.length ? next : (part.at(-1) as ReadRecord).offset + 1n;
      const messages = part.map(({ offset, key, headers, body }) => ({ key, headers, body, place: `${shard} ${offset}` }));
      this.#ready.push({ shard, messages, position: String(position) });
    }
    own.next = next;
  }

  /** What was dropped before it was received is gone, and a topic that was deleted and made again begins at its beginning: known messages are left out by their ids. */
  async #restart(assigned: readonly Assigned[]): Promise<void> {
    const only = assigned.map(({ partition }) => partition);
    const offsets = await this.#consumer.listOffsets({ topics: [this.#topic], partitions: { [this.#topic]: only }, timestamp: earliest });
    for (const own of assigned) {
      const first = offsets.get(this.#topic)?.[own.partition] ?? 0n;
      if (own.next < first || own.next > own.end) own.next = first;
    }
  }
}
