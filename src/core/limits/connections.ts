/** The bounds of connections that serve many requests; `limits` has them with all others. */
export const connectionLimits = {
  /** How often a process looks how far replicas are. */
  replicaLookMs: 250,
  /** How long a replica, and the primary, may take to say how far it is. */
  replicaAskMs: 1_000,
  /** How long a connection may be used, up to a tenth less for some. Its requests in flight are completed, and it is closed with the next response or GOAWAY. Override: `http({ limits })`. */
  connectionAgeMs: 3_600_000,
  /** Names of one server that have a certificate of their own: `http({ tls: { names } })`. */
  serverNames: 100,
  /** Requests of one HTTP/2 connection at once; each has a stream. Override: `http({ limits })`. */
  streamsPerConnection: 100,
  /** Frames of one HTTP/2 connection that are PING or SETTINGS or cancel a stream, per second, after a burst of ten times as many. Beyond it the connection is closed. Override: `http({ limits })`. */
  controlFramesPerSecond: 100,
  /** Bytes of one HTTP/2 connection that belong to no request and acknowledge no response, per second, after a burst of sixteen times as many. Beyond it the connection is closed. */
  controlBytesPerSecond: 65_536,
  /** Frames of one HTTP/2 connection that are invalid, or empty, before it is closed. */
  invalidFrames: 100,
  /** PING frames that we have sent on one HTTP/2 connection and its client has not acknowledged. */
  unacknowledgedPings: 10,
  /** What Node.js may keep for one HTTP/2 connection, in megabytes: heads, settings and what waits to be sent. Beyond it new streams are refused. */
  sessionMegabytes: 4,
  /** How long the processes of an app share one secret for TLS session tickets. A client whose session is older does a full handshake. */
  ticketSecretMs: 86_400_000,
} as const;
