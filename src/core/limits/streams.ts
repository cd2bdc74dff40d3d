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
} as const;
