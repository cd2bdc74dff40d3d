import type { ServerHttp2Session } from "node:http2";
import { systemClock } from "../clock.ts";
import { Fault } from "../fault.ts";
import { limits } from "../limits.ts";

const frameBursts = 10;
const byteBursts = 16;
/** *Source*: RFC 9113 section 7. */
const enhanceYourCalm = 11;
// Sockets live in real time, whatever the app's clock says.
const now = () => systemClock.monotonic();

/** What a watch needs of its connection. */
export interface WatchedConnection {
  /** *Units*: frames a second that ask for no work. */
  readonly framesPerSecond: number;
  /** Whether the connection ends that sends too many; counts it. */
  refuses(): boolean;
  /** The connection begins to end. */
  ending?(): void;
}

/**
 * Ends a connection of HTTP/2 whose client sends too much that asks for no work: settings, pings, resets, and bytes that belong to no request.
 * *Source*: RFC 9113 section 10.5.
 */
export class ControlWatch {
  readonly #session: ServerHttp2Session;
  readonly #connection: WatchedConnection;
  readonly #frames: ControlRate;
  readonly #bytes = new ControlRate(limits.controlBytesPerSecond, limits.controlBytesPerSecond * byteBursts);
  #hasSettings = false;
  #isEnding = false;
  /** Bytes of the heads and bodies of streams that have closed, and of the heads of those that are open. */
  #worked = 0;
  #readBefore = 0;
  /** What was worked for when it was last looked at: heads, bodies and what was sent. */
  #workedBefore = 0;

  constructor(session: ServerHttp2Session, connection: WatchedConnection) {
    this.#session = session;
    this.#connection = connection;
    this.#frames = new ControlRate(connection.framesPerSecond, connection.framesPerSecond * frameBursts);
    session.on("ping", () => this.came());
    session.on("remoteSettings", () => {
      this.#hasSettings = true;
      this.came();
    });
  }

  /** Whether both sides have said their settings, and know those of the other. */
  get isSettled(): boolean {
    return this.#hasSettings && !this.#session.pendingSettingsAck;
  }

  /** So many bytes asked for work. */
  worked(bytes: number): void {
    this.#worked += bytes;
  }

  /** A frame came that asks for no work; or so many bytes. */
  came(bytes?: number): void {
    if (this.#isEnding) return;
    const takes = bytes === undefined ? this.#frames.takes(now()) : this.#bytes.takes(now(), bytes);
    if (!takes && this.#connection.refuses()) this.end(enhanceYourCalm);
  }

  /** Looks at what came since the last time: frames such as small updates of a window are seen by their bytes alone. `open`: bytes of the bodies of open streams. */
  look({ bytesRead, bytesWritten }: { readonly bytesRead: number; readonly bytesWritten: number }, open: number): void {
    const worked = this.#worked + bytesWritten + open;
    const beside = bytesRead - this.#readBefore - (worked - this.#workedBefore);
    this.#readBefore = bytesRead;
    this.#workedBefore = worked;
    if (beside > 0) this.came(beside);
  }

  /** Ends the connection, and says why. */
  end(code: number): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#connection.ending?.();
    // Not while Node.js reads frames: it would close the connection before it has sent why.
    setImmediate(() => {
      if (!this.#session.destroyed) this.#session.destroy(misused(), code);
    });
  }
}

/**
 * The rate of what a client sends that asks for no work, of one connection.
 * *Source*: GCRA, ITU-T I.371.
 */
class ControlRate {
  readonly #intervalMs: number;
  readonly #burstMs: number;
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, burst: number) {
    this.#intervalMs = 1_000 / perSecond;
    this.#burstMs = burst * this.#intervalMs;
  }

  /** Whether so many more may come now. *Units*: monotonic milliseconds. */
  takes(at: number, count = 1): boolean {
    const fullAt = Math.max(this.#fullAt, at) + count * this.#intervalMs;
    if (fullAt - at > this.#burstMs) return false;
    this.#fullAt = fullAt;
    return true;
  }
}

/** Nothing reads it: Node.js takes the code of a connection's end together with an error alone. */
const misused = (): Fault =>
  new Fault({
    code: "resource_exhausted",
    message: "The client sent frames that no connection may send so often, or did not acknowledge ours.",
  });
