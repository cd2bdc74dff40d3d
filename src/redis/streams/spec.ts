import type { RedisTls } from "../tls.ts";

/** What {@link redisStream} takes. */
export interface RedisStreamSpec {
  /** As of `redisRates`. */
  readonly url: string;
  readonly tls?: RedisTls;
  /** The key of the stream, which is made with its first message. */
  readonly stream: string;
  /** About how many messages are kept; Redis drops the oldest, whether they were received or not. *Default*: all, until another trims it. */
  readonly maxLength?: number;
  /** How many replicas have to have a message before it counts as sent. *Default*: 0. */
  readonly replicas?: number;
}

/** How long a command may take. *Units*: milliseconds. */
export const streamCommandMs = 5_000;

/** The field of an entry that has the body; each header has a field of its own. */
export const bodyField = "data";
/** The field of an entry that has the key. */
export const keyField = "key";
