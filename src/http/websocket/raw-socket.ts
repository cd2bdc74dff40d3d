import type { Duplex } from "node:stream";

/** What carries the frames of a WebSocket, once its handshake is done. */
export interface RawSocket {
  /** The connection, or one stream of it. */
  readonly socket: Duplex;
  /** What came on it after the head of the request. */
  readonly head: Buffer;
  /** Sends the end of the handshake. *Default*: it is what is written first, as in HTTP/1.1. */
  opened?(protocol: string): void;
}
