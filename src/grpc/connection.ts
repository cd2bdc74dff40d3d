import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { systemClock } from "../core/clock.ts";
import { type Indexed, IntrusiveSet } from "../core/intrusive-set.ts";
import { limits as bounds } from "../core/limits.ts";
import { ControlWatch } from "../core/node/control-watch.ts";
import { Call } from "./call/call.ts";
import type { GrpcInvocation } from "./call/invocation.ts";
import type { GrpcLimits } from "./limits.ts";

// Sockets live in real time, whatever the app's clock says.
const now = () => systemClock.monotonic();
const settingsTimeout = 4;
const settingsMs = 10_000;
const lingerMs = 500;
/** More than any id that a stream can have. *Source*: RFC 9113 section 6.8. */
const everyStream = 2 ** 31 - 1;

/** Where a connection's calls go. */
export interface CallTaker {
  readonly limits: GrpcLimits;
  readonly domain: string;
  /** Starts a call; the invocation that it becomes, where it reaches an operation. */
  take(call: Call, at: { readonly headers: IncomingHttpHeaders; readonly address: string }): GrpcInvocation | undefined;
  /** Whether a connection ends that sends too much that asks for no work; counts it. */
  refusesControl(): boolean;
}

interface OpenCall extends Indexed {
  readonly call: Call;
  invocation: GrpcInvocation | undefined;
}

/** One connection of HTTP/2, and what its client does with it. */
export class GrpcConnection {
  readonly address: string;
  readonly #session: ServerHttp2Session;
  readonly #taker: CallTaker;
  readonly #open = new IntrusiveSet<OpenCall>();
  readonly #control: ControlWatch;
  readonly #since = now();
  #idleSince = now();
  #isRetiring = false;

  constructor(session: ServerHttp2Session, address: string, taker: CallTaker) {
    this.#session = session;
    this.address = address;
    this.#taker = taker;
    const { controlFramesPerSecond: framesPerSecond } = taker.limits;
    this.#control = new ControlWatch(session, { framesPerSecond, refuses: () => taker.refusesControl() });
    session.on("stream", (stream, headers, ...[, raw]) => this.#arrived(stream, headers, raw as unknown as readonly string[]));
    session.on("error", () => undefined);
    session.on("frameError", () => undefined);
  }

  /** Looks at what takes too long. */
  sweep(): void {
    const at = now();
    const { sendStallMs, idleMs } = this.#taker.limits;
    if (at - this.#since >= bounds.connectionAgeMs) this.retire();
    if (at - this.#since >= settingsMs && !this.#control.isSettled) return this.#control.end(settingsTimeout);
    for (const { call } of this.#open.list()) {
      if (at - call.repliedAt >= sendStallMs && !call.progressed()) call.cut();
      else if (at - call.repliedAt >= lingerMs) call.closeIfDone();
    }
    if (this.#open.size === 0 && at - this.#idleSince >= idleMs) return this.close();
    this.#lookAtBytes();
  }

  /** Lets the client know that it must open another connection: what it sends until it knows is still served. */
  retire(): void {
    if (this.#session.destroyed || this.#session.closed) return;
    if (this.#isRetiring) return this.close();
    this.#isRetiring = true;
    this.#session.goaway(0, everyStream);
  }

  close(): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  #arrived(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): void {
    // What a client does to a stream is no error of the process.
    stream.on("error", () => undefined);
    const call = new Call(stream, this.#taker.domain);
    const one: OpenCall = { call, invocation: undefined, index: -1 };
    this.#open.add(one);
    for (const text of raw) this.#control.worked(text.length);
    stream.on("close", () => this.#closed(one));
    one.invocation = this.#taker.take(call, { headers, address: this.address });
  }

  #closed(one: OpenCall): void {
    this.#open.delete(one);
    this.#control.worked(one.call.received);
    if (this.#open.size === 0) this.#idleSince = now();
    one.invocation?.left();
    if (one.call.stream.rstCode !== 0 && !this.#session.destroyed && !one.call.isCut) this.#control.came();
  }

  #lookAtBytes(): void {
    const { socket } = this.#session;
    if (socket === undefined || this.#session.destroyed) return;
    const { bytesRead = 0, bytesWritten = 0 } = socket;
    let open = 0;
    for (const { call } of this.#open.list()) open += call.received;
    this.#control.look({ bytesRead, bytesWritten }, open);
  }
}
