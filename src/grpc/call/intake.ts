import type { Fault } from "../../core/fault.ts";
import { Bound } from "../../core/load-line/bound.ts";
import { overloaded } from "../../core/load-line/refusal.ts";
import type { Waiting } from "../../pipeline/state/invocation.ts";
import { messageCompressed, messageTooLarge } from "../../protobuf/faults.ts";
import { notOneMessage } from "../faults.ts";
import type { Call } from "./call.ts";

const headBytes = 5;
const empty = Buffer.alloc(0);

/** Bytes of messages that have come and are not complete, of all callers of a port. */
export class IntakeBound {
  bytes = 0;
  readonly bound: Bound;
  readonly #random: () => number;

  constructor(declared: number, random: () => number) {
    this.#random = random;
    this.bound = new Bound({
      name: "gRPC message bytes in flight",
      unit: "bytes",
      declared,
      now: () => this.bytes,
      recount: () => undefined,
    });
  }

  /** So many bytes more have come. Returns the fault where they are too many. */
  take(bytes: number): Fault | undefined {
    if (this.bound.judge(this.bytes) === undefined)
      return overloaded({ limit: this.bound.line.name, value: this.bound.limit, load: this.bytes }, this.#random());
    this.bytes += bytes;
    this.bound.line.admits(this.bytes);
    return undefined;
  }
}

/** How a message is framed: as gRPC does it, or as the whole body. */
export type Framing = "frames" | "whole";

/** What an intake reads, and for whom. */
export interface IntakeTerms {
  readonly framing: Framing;
  readonly maxBytes: number;
  readonly bound: IntakeBound;
  /** Takes the one message. *Faults thrown*: those of a message that cannot be read. */
  take(message: Buffer): void;
}

/**
 * Reads the one message of a call as it comes. Nothing is read before it is made, so that a caller without access sends into the window of its stream alone.
 * *Bounds*: `maxBytes`, and the bytes of all messages together. *Faults*: `body_too_large`, `message_compressed`, `message_count`, `overloaded`.
 */
export class Intake implements Waiting {
  readonly #call: Call;
  readonly #terms: IntakeTerms;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes of the message with its head, once they are known. */
  #wanted = headBytes;
  #isOver = false;
  #done: (() => void) | undefined;
  #failed: ((fault: unknown) => void) | undefined;

  constructor(call: Call, terms: IntakeTerms) {
    this.#call = call;
    this.#terms = terms;
    if (terms.framing === "whole") this.#wanted = Number.POSITIVE_INFINITY;
  }

  // biome-ignore lint/suspicious/noThenProperty: what the pipeline waits for is a thenable that settles in the turn in which it is done.
  then(done: () => void, failed: (error: unknown) => void): void {
    this.#done = done;
    this.#failed = failed;
    const { stream } = this.#call;
    this.#call.read((chunk) => this.#came(chunk));
    stream.on("end", () => {
      // A caller that gives up its call ends its messages too: what the execution ends with is that it left.
      if (!stream.aborted && stream.rstCode === 0) this.#ended();
    });
    stream.resume();
  }

  /** The call is over: what still comes is thrown away. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#free();
  }

  #came(chunk: Buffer): void {
    if (this.#isOver) return;
    const refused = this.#terms.bound.take(chunk.length);
    if (refused !== undefined) return this.#fail(refused);
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#terms.framing === "whole") {
      if (this.#bytes > this.#terms.maxBytes) this.#fail(messageTooLarge(this.#terms.maxBytes));
      return;
    }
    if (this.#wanted === headBytes && this.#bytes >= headBytes) {
      const head = this.#joined();
      if ((head[0] as number) !== 0) return this.#fail(messageCompressed());
      const length = head.readUInt32BE(1);
      if (length > this.#terms.maxBytes) return this.#fail(messageTooLarge(this.#terms.maxBytes));
      this.#wanted = headBytes + length;
    }
    if (this.#bytes < this.#wanted || this.#bytes < headBytes) return;
    if (this.#bytes > this.#wanted) return this.#fail(notOneMessage("more came behind it"));
    this.#finish(this.#joined().subarray(headBytes));
  }

  #ended(): void {
    if (this.#isOver) return;
    if (this.#terms.framing === "whole") return this.#finish(this.#joined());
    this.#fail(notOneMessage(this.#bytes === 0 ? "none came" : "it was cut off"));
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? empty;
  }

  #finish(message: Buffer): void {
    this.#isOver = true;
    try {
      this.#terms.take(message);
    } catch (error) {
      return void this.#failed?.(error);
    } finally {
      this.#free();
    }
    this.#done?.();
  }

  #fail(fault: Fault): void {
    this.#isOver = true;
    this.#free();
    this.#failed?.(fault);
  }

  #free(): void {
    this.#terms.bound.bytes -= this.#bytes;
    this.#bytes = 0;
    this.#chunks = [];
  }
}
