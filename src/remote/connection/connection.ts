import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { systemClock, type Timer } from "../../core/clock.ts";
import { remoteLimits } from "../limits.ts";

/** How a connection is secured, each in PEM. */
export interface RemoteTls {
  /** The authorities of the callee's certificate. *Default*: those of Node.js. */
  readonly ca?: string | Buffer;
  /** The certificate that this service presents, and its key. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

/** How connections of an address are opened. */
export interface ConnectOptions {
  readonly origin: string;
  readonly tls: RemoteTls | undefined;
  readonly connectMs: number;
}

/** One connection of HTTP/2 to a process, while it is usable. Sockets live in real time, whatever the app's clock says. */
export class Connection {
  readonly #session: ClientHttp2Session;
  #open = 0;
  #isUsable = false;
  #ping: Timer | undefined;
  #waitsForPing = false;
  /** When it is to be checked next, of the machine's monotonic time. */
  #checkAt = 0;
  /** It was given its time once more. */
  #isSpared = false;
  #lost: (() => void) | undefined;

  constructor(session: ClientHttp2Session) {
    this.#session = session;
    session.on("error", () => undefined);
    session.on("goaway", () => this.#leaves());
    session.once("close", () => {
      this.#ping?.cancel();
      this.#leaves();
    });
  }

  /** Opens one: it is there when the callee has sent its settings. Rejects when it is not there in time. */
  static open({ origin, tls, connectMs }: ConnectOptions): Promise<Connection> {
    const { connect } = process.getBuiltinModule("node:http2");
    const session = connect(origin, { ...tls, settings: { enablePush: false } });
    const connection = new Connection(session);
    return new Promise((resolve, reject) => {
      const late = systemClock.schedule(connectMs, () => session.destroy(new Error(`no connection to ${origin} within ${connectMs} ms`)));
      const failed = (cause?: unknown) => {
        late.cancel();
        reject(cause ?? new Error(`the connection to ${origin} was closed`));
      };
      session.once("error", failed);
      session.once("close", failed);
      session.once("remoteSettings", () => {
        late.cancel();
        session.off("error", failed).off("close", failed);
        connection.#isUsable = true;
        resolve(connection);
      });
    });
  }

  /** Called once, when no further call can be begun here. */
  onLost(lost: () => void): void {
    this.#lost = lost;
  }

  get isUsable(): boolean {
    return this.#isUsable && !this.#session.closed && !this.#session.destroyed;
  }
  get calls(): number {
    return this.#open;
  }
  /** Whether the callee lets one more call begin now. */
  get hasRoom(): boolean {
    return this.#open < (this.#session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY);
  }

  begin(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.#session.request(headers, { endStream: false });
    this.#open++;
    if (this.#ping === undefined) this.#checkLater();
    stream.once("close", () => {
      if (--this.#open === 0 && !this.#isUsable) this.#session.close();
    });
    return stream;
  }

  close(): void {
    this.#leaves();
    this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  /** A process that is stopped keeps its connections open: only a frame that it must reply to shows it. */
  #check(): void {
    this.#ping = undefined;
    if (this.#session.destroyed || this.#open === 0) return;
    // Where this process stood still itself, it has not read what the callee sent meanwhile: timers come before what sockets have.
    const stoodStill = systemClock.monotonic() - this.#checkAt > remoteLimits.pingMs / 2;
    const isSpared = this.#waitsForPing && stoodStill && !this.#isSpared;
    if (this.#waitsForPing && !isSpared) return this.#session.destroy(new Error("the process does not respond"));
    this.#isSpared = isSpared;
    if (!isSpared) this.#askForSign();
    this.#checkLater();
  }

  #askForSign(): void {
    this.#waitsForPing = true;
    try {
      this.#session.ping(() => {
        this.#waitsForPing = false;
      });
    } catch {
      this.#waitsForPing = false;
    }
  }

  #checkLater(): void {
    this.#checkAt = systemClock.monotonic() + remoteLimits.pingMs;
    this.#ping = systemClock.schedule(remoteLimits.pingMs, () => this.#check());
  }

  #leaves(): void {
    this.#isUsable = false;
    const lost = this.#lost;
    this.#lost = undefined;
    lost?.();
    if (this.#open === 0 && !this.#session.closed && !this.#session.destroyed) this.#session.close();
  }
}
