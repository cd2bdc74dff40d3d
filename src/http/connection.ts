import type { Socket } from "node:net";
import { Roster } from "../core/roster.ts";
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
  /** Most clients send the same header again: comparing beats looking its token up. */
  authorization: string | undefined = undefined;
  last: RememberedToken | undefined = undefined;
  /** What runs for it now; a second one only where the client pipelines. */
  readonly running = new Roster<NodeInvocation>();
  /** How many requests came; only the answer of the last may close. Their objects are not kept: one that waits would hold all that it brought. */
  requests = 0;
  /** An answer that closes is on its way: what comes after it is not begun. */
  ending = false;
  /** What came after the requests that run is no HTTP; it is answered after them. */
  malformed: NodeJS.ErrnoException | undefined = undefined;
  /** Sweeps since its last request. */
  idleRounds = 0;

  constructor(socket: Socket, load: AddressLoad) {
    this.socket = socket;
    this.load = load;
  }

  /** Counts one more round without a request. Returns how many there were. */
  sweep(): number {
    if (this.running.size > 0) this.idleRounds = 0;
    else this.idleRounds++;
    return this.idleRounds;
  }
}
