import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { systemClock } from "../../core/clock.ts";
import type { Fault } from "../../core/fault.ts";
import type { AwaySaid } from "../../operation/away/away.ts";
import type { StreamEnd } from "../../operation/execution.ts";
import { endedTrailer } from "../../protobuf/inside.ts";
import { statusNumbers } from "../../protobuf/status-numbers.ts";
import { httpStatusOf } from "../../surface/http-status.ts";
import { insideTrailers, type LoadReport, openHeaders, type SaidInside } from "./inside.ts";
import { type Protocol, replyTypes } from "./protocol.ts";
import { detailsOf, messageText, type ShownFault, showFault, statusBytes } from "./status.ts";

const noError = 0;
const cancel = 8;
const trailerFlag = 0x80;
const endFlag = 0x02;
const headBytes = 5;

/** One call on its stream: writes replies as the protocol of its caller has them. */
export class Call {
  readonly stream: ServerHttp2Stream;
  /** What the caller speaks; what speaks none of them gets replies of gRPC. */
  protocol: Protocol = "grpc";
  /** What browsers read: names and values, in turn. */
  cors: readonly string[] = [];
  /** Who says what is in `ErrorInfo`. */
  readonly #domain: string;
  /** When the reply was written. *Units*: monotonic milliseconds; infinite until then. */
  repliedAt = Number.POSITIVE_INFINITY;
  /** How loaded this process is, for callers that balance by it. */
  load: LoadReport | undefined;
  /** What the reply says beside the outcome, to another service. */
  said: AwaySaid | undefined;
  /** What goes in front of a fault, as a message. */
  says: Buffer | undefined;
  /** Why its stream ended, where it was not complete. */
  streamEnd: StreamEnd | undefined;
  /** Whether we gave up its caller. */
  isCut = false;
  /** Bytes that came of its messages. */
  received = 0;
  #isRead = false;
  #waiting = Number.POSITIVE_INFINITY;
  #isFault = false;
  #trailers: OutgoingHttpHeaders = { "grpc-status": "0" };

  constructor(stream: ServerHttp2Stream, domain: string) {
    this.stream = stream;
    this.#domain = domain;
  }

  /** Whether its caller has read anything of the reply since this was asked last. */
  progressed(): boolean {
    const waiting = this.stream.writableLength + (this.stream.bufferSize ?? 0);
    const isLess = waiting < this.#waiting;
    this.#waiting = waiting;
    return isLess;
  }

  get isOpen(): boolean {
    return !this.stream.destroyed && !this.stream.closed;
  }

  /** Whether messages come and go in frames. */
  get isFramed(): boolean {
    return this.protocol !== "connect";
  }

  /** Hands over what comes of its messages. Until then its caller sends into the window of the stream alone. */
  read(take: (chunk: Buffer) => void): void {
    this.#isRead = true;
    this.stream.on("data", (chunk: Buffer) => {
      this.received += chunk.length;
      take(chunk);
    });
  }

  /** The reply is written: what its caller still sends is thrown away. */
  ended(): void {
    this.repliedAt = systemClock.monotonic();
    if (!this.#isRead) this.read(() => undefined);
    this.stream.resume();
  }

  /** Gives up a caller that does not read its reply. */
  cut(): void {
    this.isCut = true;
    this.stream.close(cancel);
  }

  /** Closes the stream of a caller that got all of its reply and sends on. Not at once: that would cut off the trailers. */
  closeIfDone(): void {
    if (this.stream.writableFinished) this.stream.close(noError);
  }

  /** Begins a reply with messages. `opens`: that of a stream, which another service waits for. */
  begin(requestId: string, opens?: "opens"): void {
    if (!this.isOpen || this.stream.headersSent) return;
    const isNative = this.protocol === "grpc";
    const said = opens === undefined || this.#inside === undefined ? [] : Object.entries(openHeaders(this.#inside)).flat();
    // Names and values in turn take Node.js less time than an object of them.
    this.stream.respond([":status", "200", "content-type", replyTypes[this.protocol], "x-request-id", requestId, ...this.cors, ...said], {
      waitForTrailers: isNative,
    });
    if (isNative) this.stream.on("wantTrailers", () => this.stream.sendTrailers(this.#lastTrailers));
  }

  get #inside(): SaidInside | undefined {
    const { load, said } = this;
    return load && { load, said };
  }

  /** A fault has said already how loaded this process is. */
  get #lastTrailers(): OutgoingHttpHeaders {
    return this.#inside === undefined || this.#isFault ? this.#trailers : { ...this.#trailers, ...insideTrailers(this.#inside) };
  }

  /** Replies with one message, in its frame unless the protocol has none. */
  message(message: Buffer, requestId: string): void {
    if (!this.isOpen) return;
    this.begin(requestId);
    if (this.protocol === "grpc" || this.protocol === "connect") return void this.stream.end(message);
    this.stream.write(message);
    this.end();
  }

  /** Ends a reply of messages well. */
  end(): void {
    if (!this.isOpen) return;
    if (this.protocol === "grpc-web") this.stream.end(webTrailers(this.#trailers));
    else if (this.protocol === "connect-stream") this.stream.end(endOfStream({}));
    else this.stream.end();
  }

  /** Ends with a fault, in the trailers of what has begun or as all of the reply. Returns the bytes of what says it. */
  fault(fault: Fault, requestId: string): number {
    const shown = showFault(fault);
    if (this.protocol === "connect") return this.#connectError(fault, shown, requestId);
    if (this.protocol === "connect-stream") return this.#endWith(shown, requestId);
    const details = statusBytes(shown, this.#domain).toString("base64").replace(/=+$/, "");
    const trailers = {
      "grpc-status": String(statusNumbers[shown.code]),
      "grpc-message": messageText(shown.message),
      "grpc-status-details-bin": details,
      ...(this.#inside && insideTrailers(this.#inside, fault)),
      ...(this.load && this.streamEnd && { [endedTrailer]: this.streamEnd }),
    };
    this.#isFault = true;
    if (!this.isOpen) return 0;
    if (this.says !== undefined) {
      this.begin(requestId);
      this.stream.write(frameOf(Buffer.concat([Buffer.alloc(headBytes), this.says])));
    }
    if (this.stream.headersSent) {
      this.#trailers = trailers;
      this.end();
    } else this.stream.respond({ ...this.#head(requestId), ...trailers }, { endStream: true });
    return details.length;
  }

  #head(requestId: string): OutgoingHttpHeaders {
    return { ":status": 200, "content-type": replyTypes[this.protocol], "x-request-id": requestId, ...this.#corsFields };
  }

  get #corsFields(): OutgoingHttpHeaders {
    const { cors } = this;
    return Object.fromEntries(cors.flatMap((name, at) => (at % 2 === 0 ? [[name, cors[at + 1]]] : [])));
  }

  /** Says to a browser what a page may send; undefined where it may not call. */
  options(allowed: readonly string[] | undefined): void {
    if (this.isOpen)
      this.stream.respond([":status", allowed === undefined ? "403" : "204", ...this.cors, ...(allowed ?? [])], { endStream: true });
  }

  /** A stream of Connect ends with a frame, whatever the status was. */
  #endWith(shown: ShownFault, requestId: string): number {
    const frame = endOfStream({ error: this.#connectBody(shown) });
    if (!this.isOpen) return 0;
    this.begin(requestId);
    this.stream.end(frame);
    return frame.length;
  }

  #connectBody(shown: ShownFault): object {
    const details = detailsOf(shown, this.#domain).map(({ type, bytes }) => ({ type, value: bytes.toString("base64").replace(/=+$/, "") }));
    return { code: connectCode(shown.code), message: shown.message, details };
  }

  #connectError(fault: Fault, shown: ShownFault, requestId: string): number {
    const body = JSON.stringify(this.#connectBody(shown));
    if (!this.isOpen || this.stream.headersSent) return 0;
    const status = httpStatusOf(shown.code === "internal" ? shown : fault);
    this.stream.respond({ ":status": status, "content-type": "application/json", "x-request-id": requestId, ...this.#corsFields });
    this.stream.end(body);
    return body.length;
  }
}

/** Connect spells one code otherwise. */
function connectCode(code: ShownFault["code"]): string {
  return code === "cancelled" ? "canceled" : code;
}

/** Trailers as gRPC-Web has them: a frame of the body. *Source*: gRPC-Web, PROTOCOL-WEB.md. */
function webTrailers(trailers: OutgoingHttpHeaders): Buffer {
  const text = Object.entries(trailers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  const frame = frameOf(Buffer.concat([Buffer.alloc(5), Buffer.from(text)]));
  frame[0] = trailerFlag;
  return frame;
}

/** The last frame of a stream of Connect. *Source*: the Connect protocol, EndStreamResponse. */
function endOfStream(end: object): Buffer {
  const frame = frameOf(Buffer.concat([Buffer.alloc(5), Buffer.from(JSON.stringify(end))]));
  frame[0] = endFlag;
  return frame;
}

/** Fills in the head of a message of gRPC: it is not compressed, and so long. */
export function frameOf(message: Buffer): Buffer {
  message[0] = 0;
  message.writeUInt32BE(message.length - 5, 1);
  return message;
}
