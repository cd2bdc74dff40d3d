import type { BodyReader } from "../body.ts";
import type { AddressLoad, ConnectionRequest, HttpConnection } from "../connections/connection.ts";
import type { Cors } from "../cors/cors.ts";
import type { HttpHost } from "../credentials/credential-fields.ts";
import type { HttpReply } from "../reply/reply.ts";
import type { BodySource } from "../uploads/upload-reading.ts";
import type { RawSocket } from "../websocket/raw-socket.ts";
import type { WebSockets } from "../websocket/web-sockets.ts";

/** One request as a connection of any version of HTTP hands it to the pipeline. */
export interface TurnRequest extends BodySource {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** `1.0`, `1.1` or `2.0`. */
  readonly httpVersion: string;
  /** Whether all of it has come. */
  readonly complete: boolean;
}

/** The way to send the response to one request. */
export interface TurnResponse {
  /** The connection on which it is sent, until it is. */
  readonly owner: HttpConnection | undefined;
  readonly destroyed: boolean;
  /** Hands over what carries the frames of a WebSocket, and is no response any more; undefined where the request cannot become one. */
  readonly upgrade?: (() => RawSocket) | undefined;
  /** Counts bytes that are kept until it is sent. */
  keep(bytes: number): void;
  /** This is under way for it from now on, and ends if the client gives up the request alone. */
  runs(request: ConnectionRequest): void;
  writeContinue(): void;
  /** Returns whether more may be written now; otherwise {@link drained} says when. `taken` is called when the system has taken it. */
  write(bytes: string | Uint8Array, taken?: () => void): boolean;
  /** *Faults thrown*: what ends the wait where `signal` is aborted. */
  drained(signal: AbortSignal): Promise<unknown>;
  end(): unknown;
  /** Ends it gently so that no client takes what it got for all of it. */
  cut(): void;
  /** The same at once. */
  destroy(): unknown;
}

/** One request and the way to send its response. */
export interface Turn {
  readonly request: TurnRequest;
  readonly response: TurnResponse;
}

/** What writes the replies to the requests of a port, and what they read with. */
export interface Replies<T extends Turn = Turn> {
  readonly host: HttpHost;
  readonly bodies: BodyReader;
  /** How long a client may read almost nothing. *Units*: milliseconds. */
  readonly stallMs: number;
  /** What opens WebSockets; undefined where no operation has them. */
  readonly webSockets?: WebSockets | undefined;
  /** Which pages of other origins a browser may act for; undefined where none. */
  readonly cors?: Cors | undefined;
  /** Writes the head of a reply whose body follows in parts. */
  begin(turn: T, reply: HttpReply): void;
  /** Writes a reply; returns the bytes of its body. `now`: the time of day, where the caller knows it. */
  write(turn: T, reply: HttpReply, now?: number): number;
  /** What a request has counted as under way is over. */
  ended(load: AddressLoad, era: number): void;
  /** Ends a connection whose client sent what is no HTTP, once every request before that has its response. */
  endMalformed(connection: HttpConnection): void;
}
