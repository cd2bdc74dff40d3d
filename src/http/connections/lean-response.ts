import { once } from "node:events";
import type { Socket } from "node:net";
import { nodeHttp } from "../../core/node/http.ts";
import type { RawSocket } from "../websocket/raw-socket.ts";
import { endsGently } from "./closing.ts";
import type { HttpConnection } from "./connection.ts";

/** A response of `node:http` that knows what it and its request keep in memory, and lets go of it when it is sent. */
export class LeanResponse extends nodeHttp.ServerResponse {
  /** The connection on which it is sent, until it is. */
  owner: HttpConnection | undefined = undefined;
  upgrade: (() => RawSocket) | undefined = undefined;
  #kept = 0;

  /** It is one of the connection's from now on, and keeps so many bytes. */
  belongsTo(connection: HttpConnection, bytes: number): void {
    this.owner = connection;
    connection.unanswered++;
    this.keep(bytes);
  }

  /** Counts bytes that are kept until it is sent. */
  keep(bytes: number): void {
    this.#kept += bytes;
    this.owner?.keep(bytes);
  }

  /** A client of HTTP/1 gives up a request by closing its connection. */
  runs(): void {}

  drained(signal: AbortSignal): Promise<unknown> {
    return once(this, "drain", { signal });
  }

  /** Ends the connection without the end of the response. */
  cut(): void {
    if (this.socket !== null) return endsGently(this.socket);
    // The client has sent it behind another request, whose response is on its way.
    this.once("socket", (assigned) => setImmediate(() => endsGently(assigned)));
  }

  // The server calls this once, when the last byte was handed to the system.
  override detachSocket(socket: Socket): void {
    super.detachSocket(socket);
    const connection = this.owner;
    if (connection === undefined) return;
    this.owner = undefined;
    connection.keep(-this.#kept);
    // What came after them is not begun: the connection has nothing more to do.
    if (--connection.unanswered === 0 && connection.dropped > 0) socket.destroySoon();
  }
}
