import type { ServerHttp2Stream } from "node:http2";
import { Fault, toFault } from "../../core/fault.ts";
import type { Waiting } from "../../pipeline/state/invocation.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { Inbox } from "../../pipeline/stream/inbox.ts";
import type { Codec } from "../../protobuf/codec/codec.ts";
import { Frames } from "../../protobuf/frames.ts";
import { notOneMessage } from "../faults.ts";
import type { Call } from "./call.ts";
import type { IntakeBound } from "./intake.ts";
import { messageRefused } from "./stream.ts";

/** A request of a call both ways: the first has the input, the others a message. */
interface Request {
  readonly start?: unknown;
  readonly message?: unknown;
}

interface ConversationTerms {
  readonly codec: Codec;
  readonly maxBytes: number;
  readonly bound: IntakeBound;
  /** Whether another service carries the messages, which has counted them at their rate. */
  readonly isInside: boolean;
}

/**
 * Reads the messages of a call both ways: the first one is the input, and the others reach the handler as it takes them.
 * *Bounds*: `maxBytes` of one message; nothing is read while the handler has enough.
 */
export class Conversation implements Waiting {
  readonly #call: Call;
  readonly #stream: ServerHttp2Stream;
  readonly #execution: RunningExecution;
  readonly #codec: Codec;
  readonly #frames: Frames;
  readonly #bound: IntakeBound;
  readonly #isInside: boolean;
  /** What it has of the bytes in flight. */
  #counted = 0;
  #inbox: Inbox | undefined;
  #done: (() => void) | undefined;
  #failed: ((fault: unknown) => void) | undefined;
  #hasStarted = false;
  #hasEnded = false;

  constructor(call: Call, execution: RunningExecution, { codec, maxBytes, bound, isInside }: ConversationTerms) {
    this.#call = call;
    this.#stream = call.stream;
    this.#execution = execution;
    this.#codec = codec;
    this.#frames = new Frames(maxBytes);
    this.#bound = bound;
    this.#isInside = isInside;
  }

  // biome-ignore lint/suspicious/noThenProperty: what the pipeline waits for is a thenable that settles in the turn in which it is done.
  then(done: () => void, failed: (error: unknown) => void): void {
    this.#done = done;
    this.#failed = failed;
    this.#call.read((chunk) => {
      if (this.#execution.settled) return;
      const refused = this.#bound.take(chunk.length);
      if (refused !== undefined) return this.#refuse(refused);
      this.#counted += chunk.length;
      this.#frames.push(chunk);
      this.#read();
    });
    this.#stream.on("end", () => {
      // Its caller gave up: that is what the execution ends with.
      if (this.#stream.aborted || this.#stream.rstCode !== 0) return;
      this.#hasEnded = true;
      this.#read();
    });
    this.#stream.resume();
  }

  /** The handler's messages go there from now on. */
  open(inbox: Inbox): void {
    this.#inbox = inbox;
    this.#read();
  }

  /** Reads on after the handler had enough. */
  goOn(): void {
    this.#read();
  }

  stop(): void {
    this.#inbox?.end();
    this.#count(0);
  }

  #count(held: number): void {
    this.#bound.bytes += held - this.#counted;
    this.#counted = held;
  }

  #read(): void {
    this.#readOn();
    this.#count(this.#execution.settled ? 0 : this.#frames.rest);
  }

  #readOn(): void {
    while (!this.#execution.settled) {
      if (this.#hasStarted && (this.#inbox === undefined || this.#inbox.isFull)) return void this.#stream.pause();
      const next = this.#frames.next();
      if (next === undefined) break;
      if (next instanceof Fault) return this.#refuse(next);
      this.#take(next);
    }
    this.#stream.resume();
    if (!this.#hasEnded) return;
    if (this.#frames.rest > 0 || !this.#hasStarted) this.#refuse(notOneMessage("the first one did not come whole"));
    else this.#inbox?.end();
  }

  #take(bytes: Buffer): void {
    let request: Request;
    try {
      request = this.#codec.decode(bytes) as Request;
    } catch (error) {
      return this.#refuse(error);
    }
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      this.#execution.input = request.start;
      return void this.#done?.();
    }
    const refusal = this.#inbox?.accept(Buffer.from(JSON.stringify(request.message) ?? "null"), this.#isInside);
    if (refusal !== undefined) return this.#refuse(messageRefused(refusal));
    this.#execution.streaming?.received();
  }

  #refuse(error: unknown): void {
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      return void this.#failed?.(error);
    }
    this.#execution.stop(toFault(error));
  }
}
