/** Limits of gRPC that an app can set. */
export interface GrpcLimits {
  /** Bytes of one message of a caller. */
  readonly messageBytes: number;
  /** The same of a caller who has not signed in. */
  readonly anonymousMessageBytes: number;
  /** Bytes of messages that are not complete, of all callers. */
  readonly messageBytesInFlight: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Calls of one connection at once. */
  readonly streamsPerConnection: number;
  /** Frames of one connection that ask for no work, in a second. */
  readonly controlFramesPerSecond: number;
  /** How long a connection without calls stays open. *Units*: milliseconds. */
  readonly idleMs: number;
  /** How long a caller may read nothing of a reply. *Units*: milliseconds. */
  readonly sendStallMs: number;
}

/** The bounds of gRPC. Those of a connection of HTTP/2 are the same as for HTTP. */
export const grpcLimits = {
  /** Size of one message that a caller sends. Override: `grpc({ limits })`. *Units*: bytes. */
  messageBytes: 1_048_576,
  /** The same of a caller who has not signed in. Override: `grpc({ limits })`. *Units*: bytes. */
  anonymousMessageBytes: 65_536,
  /** Bytes of messages that are not complete yet, of all callers together. Override: `grpc({ limits })`. *Units*: bytes. */
  messageBytesInFlight: 67_108_864,
  /** Size of what the trailers say of a fault beyond its status; violations that do not fit are left out. *Units*: bytes. */
  detailBytes: 6_144,
  /** Open connections of the port; one more is closed at once. Override: `grpc({ limits })`. */
  connections: 4_096,
  /** Open connections from one address. Override: `grpc({ limits })`. */
  connectionsPerAddress: 1_024,
  /** Calls of one connection at once. Override: `grpc({ limits })`. */
  streamsPerConnection: 100,
  /** Frames of one connection that are PING or SETTINGS or cancel a call, in a second, after a burst of ten times as many. Beyond it the connection is closed. Override: `grpc({ limits })`. */
  controlFramesPerSecond: 100,
  /** How long a connection without calls stays open. Override: `grpc({ limits })`. *Units*: milliseconds. */
  idleMs: 300_000,
  /** How long a caller may read almost nothing of a reply. Override: `grpc({ limits })`. *Units*: milliseconds. */
  sendStallMs: 30_000,
} as const;
