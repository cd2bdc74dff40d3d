import type { RedisClientType } from "redis";
import { brokerUnavailable, untilAborted } from "../../messaging/broker-faults.ts";
import type { BatchBounds, IncomingBatch, IncomingMessage, MessageReceiver, ReceiverHost } from "../../operation/messaging/receiver.ts";
import { closeRedis, connectRedis, loadRedis, redisClient, whyNotConnected } from "../connection.ts";
import { bodyField, keyField, type RedisStreamSpec, streamCommandMs } from "./spec.ts";

const shard = "stream";
const beginning = "0-0";
/** The longest that the server holds a read back: behind it wait the pings by which a lost connection is noticed. *Units*: milliseconds. */
const blockMs = 1_000;
/** Up to where what is left is counted. */
const countedMost = 10_000;
const countScript = "return #redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])";

type Entry = readonly [Buffer, readonly Buffer[]];

/** Opens a receiver of a stream. *Faults thrown*: `unavailable`. */
export async function openRedisReceiver(
  { url, tls, stream }: RedisStreamSpec,
  { clock, positions }: ReceiverHost,
): Promise<MessageReceiver> {
  const client = await redisClient({ url, tls, clock, commandMs: streamCommandMs });
  try {
    await connectRedis(client, clock);
    if (!client.isReady) throw new RangeError(whyNotConnected(client));
    const stored = positions.get(shard) ?? beginning;
    const { RESP_TYPES } = await loadRedis();
    const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }) as unknown as RedisClientType;
    return new RedisReceiver({ client, raw, stream, after: (await isBehind(client, stream, stored)) ? beginning : stored });
  } catch (error) {
    closeRedis(client);
    throw brokerUnavailable("Redis", error);
  }
}

/**
 * Whether the stream has lost its end since the position was stored: what is in it is received again, and what is known is left out. A stream that was deleted
 * begins again with later ids.
 */
async function isBehind(client: RedisClientType, stream: string, position: string): Promise<boolean> {
  const [last] = (await client.sendCommand(["XREVRANGE", stream, "+", "-", "COUNT", "1"])) as unknown as readonly (readonly [
    string,
    unknown,
  ])[];
  return last !== undefined && isBefore(last[0], position);
}

class RedisReceiver implements MessageReceiver {
  readonly #client: RedisClientType;
  readonly #raw: RedisClientType;
  readonly #stream: string;
  #after: string;

  constructor({
    client,
    raw,
    stream,
    after,
  }: { readonly client: RedisClientType; readonly raw: RedisClientType; readonly stream: string; readonly after: string }) {
    this.#client = client;
    this.#raw = raw;
    this.#stream = stream;
    this.#after = after;
  }

  async receive({ messages: most, bytes, waitMs }: BatchBounds, signal: AbortSignal): Promise<IncomingBatch | undefined> {
    try {
      const block = String(Math.max(1, Math.min(waitMs, blockMs)));
      const command = ["XREAD", "COUNT", String(most), "BLOCK", block, "STREAMS", this.#stream, this.#after];
      const reply: unknown = await untilAborted(this.#raw.sendCommand(command), signal);
      const entries = within(entriesOf(reply), bytes);
      const last = entries.at(-1);
      if (last === undefined) return undefined;
      this.#after = last[0].toString();
      return { shard, messages: entries.map((entry) => incoming(this.#stream, entry)), position: this.#after };
    } catch (error) {
      if (signal.aborted) return undefined;
      throw brokerUnavailable("Redis", error);
    }
  }

  async stored(): Promise<void> {}

  /** *Bounds*: counts up to 10,000. */
  async lag(): Promise<number> {
    return (await this.#client.eval(countScript, { keys: [this.#stream], arguments: [this.#after, String(countedMost)] })) as number;
  }

  async close(): Promise<void> {
    closeRedis(this.#client);
  }
}

/** The entries of the one stream that was read: a map of RESP 3, or pairs of RESP 2. */
function entriesOf(reply: unknown): readonly Entry[] {
  if (reply === null || typeof reply !== "object") return [];
  return (Array.isArray(reply) ? reply[0]?.[1] : Object.values(reply)[0]) as readonly Entry[];
}

/** The first entries, in so many bytes, and at least one. */
function within(entries: readonly Entry[], bytes: number): readonly Entry[] {
  let size = 0;
  const end = entries.findIndex(([, fields], at) => {
    for (const field of fields) size += field.length;
    return size > bytes && at > 0;
  });
  return end === -1 ? entries : entries.slice(0, end);
}

function incoming(stream: string, [id, fields]: Entry): IncomingMessage {
  const headers: Record<string, string> = {};
  let body: Uint8Array = new Uint8Array();
  let key: string | undefined;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [name, value] = [String(fields[at]), fields[at + 1] as Buffer];
    if (name === bodyField) body = value;
    else if (name === keyField) key = value.toString();
    else headers[name] = value.toString();
  }
  return { headers, body, key, place: `${stream} ${id.toString()}` };
}

function isBefore(one: string, other: string): boolean {
  const [[ms = 0n, n = 0n], [otherMs = 0n, otherN = 0n]] = [one, other].map((id) => id.split("-").map(BigInt)) as [bigint[], bigint[]];
  return ms < otherMs || (ms === otherMs && n < otherN);
}
