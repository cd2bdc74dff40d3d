import type { Socket } from "node:net";
import type { Fault } from "../../core/fault.ts";
import { IntrusiveSet } from "../../core/intrusive-set.ts";
import type { RememberedToken } from "../../operation/actor.ts";

/** What comes from one address, and what all of them together make the server keep. */
export interface AddressLoad {
  readonly address: string;
  connections: number;
  inFlight: number;
  /** Those of them that are above the limit, while it is only measured. */
  over: number;
  /** Of its requests under way and its replies that are not sent. *Units*: bytes. */
  kept: number;
}

/** Bytes that all connections of a server keep: requests under way, and replies that are not sent. */
export interface KeptBytes {
  bytes: number;
}

/** One request that runs for a connection, as the connection knows it. */
export interface ConnectionRequest {
  /** Its index among those of its connection. */
  index: number;
  /** Whether all of it has come. */
  readonly arrived: boolean;
  /** Whether what still comes of it may take longer than `requestMs`: its deadline bounds it. */
  readonly takesLong: boolean;
  /** The client went away: what it asked for is undone. */
  disconnected(): void;
  /** What came after its head is no HTTP, or came too slowly: it ends if it still needed what came. */
  malformed(fault: Fault): void;
}

/** A connection on which several requests are under way at once, each on a stream of its own. */
export interface SharedConnection {
  /** Looks at its streams: once in so many milliseconds, of monotonic time. */
  sweep(now: number): void;
  /** Whether a client keeps something here and does not continue. */
  readonly isStuck: boolean;
  /** Takes no new request, and closes when those under way have their responses. */
  close(): void;
}

/** What is known of one open connection. */
export class HttpConnection {
  readonly socket: Socket;
  readonly load: AddressLoad;
  /** The peer's address where it is a proxy that says who its callers are. */
  readonly proxy: string | undefined;
  /** When it has become too old. *Units*: monotonic milliseconds. */
  readonly oldAt: number;
  readonly #total: KeptBytes;
  /** Most clients send the same header again: comparing beats looking its token up. Only of a token that was verified. */
  authorization: string | undefined = undefined;
  last: RememberedToken | undefined = undefined;
  /** What runs for it now; a second one only where the client pipelines. */
  readonly running = new IntrusiveSet<ConnectionRequest>();
  /** How many requests came; only the response of the last may close. Their objects are not kept: one that waits would hold all that it brought. */
  requests = 0;
  /** Requests whose responses are not sent yet. */
  unanswered = 0;
  /** Requests that came after the last one that is answered. */
  dropped = 0;
  /** A response that closes is on its way: what comes after it is not begun. */
  ending = false;
  /** It is older than a connection may become: the next response ends it. */
  isOld = false;
  /** Where several requests of it share it at once, as in HTTP/2. */
  session: SharedConnection | undefined = undefined;
  /** What came after the requests that run is no HTTP; it is answered after them. */
  malformed: NodeJS.ErrnoException | undefined = undefined;
  /** Not 0 where it is above the limit of connections, which is only measured; see {@link Bound.judge}. */
  era = 0;
  /** Sweeps since its last request. */
  idleRounds = 0;
  /** Sweeps in which its client took too little of what waits for it. */
  stalledRounds = 0;
  /** Bytes of the heap that it keeps beside itself. */
  kept = 0;
  #taken = 0;
  #queued = 0;

  constructor(
    socket: Socket,
    { load, total, proxy, oldAt }: Pick<HttpConnection, "load" | "proxy" | "oldAt"> & { readonly total: KeptBytes },
  ) {
    this.socket = socket;
    this.load = load;
    this.#total = total;
    this.proxy = proxy;
    this.oldAt = oldAt;
  }

  /** Counts bytes that it makes the server keep; below zero where they are let go. */
  keep(bytes: number): void {
    // Closed: all that it kept was let go.
    if (this.kept < 0) return;
    this.kept += bytes;
    this.load.kept += bytes;
    this.#total.bytes += bytes;
  }

  /** Whether its next response is to be its last. */
  get leaves(): boolean {
    return this.ending || this.isOld;
  }

  /** Closes it where it is idle. */
  closeIdle(): void {
    if (this.session === undefined) this.socket.destroySoon();
    else this.session.close();
  }

  closed(): void {
    this.keep(-this.kept);
    this.kept = -1;
  }

  /** Whether a request is coming that may take longer than others. */
  get takesLong(): boolean {
    for (const request of this.running.list()) if (request.takesLong) return true;
    return false;
  }

  /** Whether something is kept for a client that does not continue: half a request, or a reply that waits to be taken. */
  get isStuck(): boolean {
    if (this.session !== undefined) return this.session.isStuck;
    if (this.socket.writableLength > 0) return true;
    for (const invocation of this.running.list()) if (!invocation.arrived) return true;
    return false;
  }

  /** Counts one more round. Returns how many rounds it was idle. */
  sweep(bytesPerRound: number): number {
    this.#lookWhetherItReads(bytesPerRound);
    if (this.running.size > 0) this.idleRounds = 0;
    else this.idleRounds++;
    return this.idleRounds;
  }

  #lookWhetherItReads(bytesPerRound: number): void {
    const { socket } = this;
    if (socket.writableLength === 0) {
      this.stalledRounds = 0;
      return;
    }
    // One long write is all or nothing to the stream; the system's handle knows how much of it is still there.
    const queued = (socket as unknown as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0;
    const taken = socket.bytesWritten - socket.writableLength;
    const progress = taken - this.#taken + Math.max(0, this.#queued - queued);
    this.#taken = taken;
    this.#queued = queued;
    if (progress >= bytesPerRound) this.stalledRounds = 0;
    else this.stalledRounds++;
  }
}
