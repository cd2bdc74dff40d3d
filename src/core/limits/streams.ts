/** The bounds of streams; `limits` has them with all others. */
export const streamLimits = {
  /** Streams of one process that are open, or whose first item is awaited. Override: `createApp({ limits })`. */
  streams: 10_000,
  /** Streams of one caller in one process. Callers who have not signed in are counted by address. Override: `createApp({ limits })`. */
  streamsPerCaller: 100,
  /** How long the handler of an open stream may take for the next item. Override: `stream.idle`. */
  streamIdleMs: 300_000,
  /** How long a stream may be open. Override: `stream.longest`. */
  streamLongestMs: 3_600_000,
  /** After how long without an item a stream sends a sign of life. Override: `stream.heartbeat`. */
  streamHeartbeatMs: 15_000,
  /** Length of the id of an item. */
  streamIdChars: 256,
  /** Bytes of one stream that its client has not taken yet, above which its handler is asked for no further item. */
  streamBufferBytes: 16_384,
  /** Size of one item of a stream, as JSON. */
  streamItemBytes: 1_048_576,
  /** Items that a durable stream keeps; the oldest ones go first. Override: `durableStream(…, { items })`. */
  durableStreamItems: 10_000,
  /** Size of the items that a durable stream keeps, as JSON; the oldest ones go first. Override: `durableStream(…, { bytesMax })`. */
  durableStreamBytes: 1_048_576,
  /** Size of one item of a durable stream, as JSON. */
  durableStreamItemBytes: 65_536,
  /** Items of one write to a durable stream. */
  durableStreamBatch: 100,
  /** How many offsets back the key of a write to a durable stream is known, also where its items are not kept any more. */
  durableStreamKeys: 100_000,
  /** How long a durable stream is kept after the last write. Override: `durableStream(…, { retention })`. */
  durableStreamRetentionMs: 604_800_000,
  /** Length of the id of a durable stream, and of the key of a write. */
  durableStreamIdChars: 255,
  /** Items that a reader of a durable stream reads at a time. */
  durableStreamPage: 500,
  /** Size of the items that a reader of a durable stream reads at a time. A single item may be larger. */
  durableStreamPageBytes: 262_144,
  /** How often a reader of a durable stream looks by itself, beside being woken. */
  durableStreamLookMs: 30_000,
  /** How often it looks while the process has no session in which it is notified. */
  durableStreamPollMs: 1_500,
  /** Streams that are removed at a time once their retention is over. */
  durableStreamExpiryTurn: 100,
} as const;
