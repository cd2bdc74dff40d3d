import { Fault } from "../../core/fault.ts";
import { Unsent } from "../../core/queue/unsent.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { StreamSink } from "../../pipeline/stream/sink.ts";
import type { Codec } from "../../protobuf/codec/codec.ts";
import { type Call, frameOf } from "./call.ts";

const headBytes = 5;

interface StreamWays {
  readonly codec: Codec;
  readonly stallMs: number;
  readonly drained: () => void;
  /** Lets more messages of the caller come. *Default*: it sends none. */
  readonly goOn?: (() => void) | undefined;
}

/** The items of a stream on their way to a caller, a frame each. */
export class GrpcStream implements StreamSink {
  readonly stallMs: number;
  readonly goOn?: () => void;
  bytes = 0;
  readonly #call: Call;
  readonly #codec: Codec;
  readonly #unsent: Unsent;

  constructor(call: Call, { codec, stallMs, drained, goOn }: StreamWays) {
    this.#call = call;
    this.#codec = codec;
    this.stallMs = stallMs;
    this.#unsent = new Unsent(drained);
    if (goOn !== undefined) this.goOn = goOn;
  }

  send(json: string): boolean {
    const frame = frameOf(this.#codec.encode(JSON.parse(json), headBytes));
    const { length } = frame;
    this.bytes += length;
    return this.#unsent.write(length, (taken) => void this.#call.stream.write(frame, taken));
  }

  /** HTTP/2 has a frame for it: a connection that is gone does not acknowledge it. */
  beat(): void {
    const { session } = this.#call.stream;
    if (session !== undefined && !session.destroyed) session.ping(() => undefined);
  }

  /** Ends as the stream ended. */
  end({ fault, streaming, requestId }: RunningExecution): void {
    const why = fault ?? streaming?.interruption;
    if (why === undefined) return this.#call.end();
    this.#call.streamEnd = streaming?.facts?.ended;
    this.#call.fault(why, requestId);
  }
}

/** The fault of a caller that sends what a stream refuses. */
export const messageRefused = (reason: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "websocket_message_invalid",
    message: `A message of the call is refused: ${reason}. The call was ended. Send messages that fit their schema, and no more in a second than the operation takes.`,
  });
