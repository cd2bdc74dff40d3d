import type { WebSocket } from "ws";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Unsent } from "../../core/queue/unsent.ts";
import { callerLeft } from "../../pipeline/sign-in.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { Inbox, MessageRefusal } from "../../pipeline/stream/inbox.ts";
import type { StreamSink } from "../../pipeline/stream/sink.ts";

/** Why a WebSocket is closed when a message is refused. *Source*: RFC 6455 §7.4.1; 4000 to 4999 are for applications. */
const closes: Readonly<Record<MessageRefusal, readonly [code: number, reason: string]>> = {
  "not JSON": [1007, "A message must be JSON."],
  invalid: [4400, "The message does not fit its schema."],
  "too many": [1008, "Too many messages in a second."],
};

interface SocketWays {
  readonly inbox: Inbox;
  readonly stallMs: number;
  readonly drained: () => void;
}

/** The items of a stream as messages of a WebSocket, and the messages of its client. */
export class SocketStream implements StreamSink {
  readonly stallMs: number;
  bytes = 0;
  readonly #socket: WebSocket;
  readonly #execution: RunningExecution;
  readonly #unsent: Unsent;
  /** Whether anything came since the last sign of life was sent. */
  #isAlive = true;
  #pings = 0;
  #pingsSince = 0;

  constructor(socket: WebSocket, execution: RunningExecution, { inbox, stallMs, drained }: SocketWays) {
    this.stallMs = stallMs;
    this.#socket = socket;
    this.#execution = execution;
    this.#unsent = new Unsent(drained);
    socket.on("message", (data, isBinary) => {
      this.#isAlive = true;
      if (execution.settled) return;
      if (isBinary) return this.#refuse(1003, "A message must be text.");
      const refusal = inbox.accept(data as Buffer);
      if (refusal !== undefined) return this.#refuse(...closes[refusal]);
      execution.streaming?.received();
      if (inbox.isFull) socket.pause();
    });
    socket.on("ping", (data: Buffer) => this.#pinged(data));
    socket.on("pong", () => {
      this.#isAlive = true;
    });
    // The library closes by itself what breaks the protocol: with 1002, 1007, 1008 or 1009.
    socket.on("error", ({ message }) => execution.stop(refused(message)));
    socket.on("close", () => {
      inbox.end();
      execution.stop(callerLeft(), { succeeds: true });
    });
  }

  send(json: string): boolean {
    const bytes = Buffer.byteLength(json);
    this.bytes += bytes;
    // What is sent while it closes is never taken: if it were, a handler with items at hand would run on, and the event that it is closed would never come.
    return this.#unsent.write(bytes, (taken) => void this.#socket.send(json, (error) => void (error ?? taken())));
  }

  beat(): void {
    // A pong that was sent cannot be seen while the handler has enough to read.
    if (!this.#isAlive && !this.#socket.isPaused) return this.#socket.terminate();
    this.#isAlive = false;
    this.#socket.ping();
  }

  /** Reads on after the handler had enough. */
  goOn(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  /** Closes as the stream ended. */
  end({ fault, streaming }: RunningExecution): void {
    const { interruption } = streaming ?? {};
    this.goOn();
    // Nothing is wrong with the client or with us, and it may come back.
    if (fault?.type === "stream_idle") return this.#socket.close(1001, "urn:plimsoll:stream_idle");
    if (fault !== undefined) return this.#socket.close(1011, `urn:plimsoll:${fault.type ?? fault.code}`.slice(0, 123));
    if (interruption !== undefined) return this.#socket.close(1001, `retry-after-ms=${interruption.retryAfterMs ?? 0}`);
    this.#socket.close(1000);
  }

  /** A pong is a frame like others: what a client may have of them is bounded, and it gets none while it reads nothing. */
  #pinged(data: Buffer): void {
    this.#isAlive = true;
    const now = this.#execution.host.clock.monotonic();
    if (now - this.#pingsSince >= 1_000) {
      this.#pingsSince = now;
      this.#pings = 0;
    }
    if (++this.#pings > limits.webSocketPingsPerSecond) return this.#refuse(1008, "Too many pings in a second.");
    if (this.#socket.bufferedAmount < limits.streamBufferBytes) this.#socket.pong(data);
  }

  #refuse(code: number, reason: string): void {
    this.#socket.close(code, reason);
    this.#execution.stop(refused(reason));
  }
}

const refused = (reason: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "websocket_message_invalid",
    message: `The client of the WebSocket sent what is refused: ${reason} The connection was closed.`,
  });
