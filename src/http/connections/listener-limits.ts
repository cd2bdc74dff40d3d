/** The limits that the listener applies before a request reaches an operation. */
export interface ListenerLimits {
  readonly connections: number;
  readonly connectionsPerSecond: number;
  readonly requestsPerAddress: number;
  readonly pipelinedRequests: number;
  /** Bytes of the heap for requests under way and replies that are not sent. */
  readonly requestBytes: number;
  readonly urlBytes: number;
  readonly headerBytes: number;
  readonly headerLines: number;
  readonly headerMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly sendStallMs: number;
  readonly connectionAgeMs: number;
  readonly streamsPerConnection: number;
  readonly controlFramesPerSecond: number;
}
