import type { Socket } from "node:net";
import type { RememberedToken } from "../operation/actor.ts";
import type { NodeInvocation } from "./node-invocation.ts";

/** Requests in flight from one address. */
export interface AddressLoad {
  readonly address: string;
  connections: number;
  inFlight: number;
}

/** What is known of one open connection. */
export class HttpConnection {
  readonly socket: Socket;
  readonly load: AddressLoad;
  /** Most clients send the same token again: comparing beats looking it up. */
  lastToken: RememberedToken | undefined = undefined;
  /** What runs for it now; a second one only where the client pipelines. */
  readonly running = new Set<NodeInvocation>();

  constructor(socket: Socket, load: AddressLoad) {
    this.socket = socket;
    this.load = load;
  }
}
