/** The bounds of messages of Protocol Buffers, for whatever reads or writes them. */
export const protobufLimits = {
  /** Messages inside messages. */
  messageDepth: 32,
  /** Values of one message, including items and messages. The memory that they take depends little on their bytes. */
  messageValues: 100_000,
} as const;
