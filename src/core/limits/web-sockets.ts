/** The bounds of WebSockets; `limits` has them with all others. */
export const webSocketLimits = {
  /** Size of one message that a client sends over a WebSocket. Override: `receives.bytesMax`. */
  webSocketMessageBytes: 65_536,
  /** Fragments of one message of a WebSocket. */
  webSocketFragments: 128,
  /** Messages of one WebSocket that wait for its handler, above which no more is read. */
  webSocketWaiting: 16,
  /** Messages that a client may send over a WebSocket in a second, on average and at once; then it is closed. Override: `receives.perSecond`. */
  webSocketPerSecond: 50,
  /** Pings that a client may send over a WebSocket in a second. */
  webSocketPingsPerSecond: 10,
  /** How long the closing handshake of a WebSocket may take. */
  webSocketCloseMs: 2_000,
} as const;
