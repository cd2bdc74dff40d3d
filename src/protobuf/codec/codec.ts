import { Fault } from "../../core/fault.ts";
import { Code } from "../../core/schema/code.ts";
import type { MessageShape } from "../descriptor/shape.ts";
import { DecodeCode } from "./decode.ts";
import { EncodeCode } from "./encode.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** All messages are written one after the other, so that one buffer does for all. */
const writer = new Writer();

/** Writes and reads one message of a contract. */
export class Codec {
  readonly #shape: MessageShape;
  #encode: ((value: unknown) => void) | undefined;
  #decode: ((reader: Reader) => unknown) | undefined;

  constructor(shape: MessageShape) {
    this.#shape = shape;
  }

  /**
   * Writes a value that fits the contract, behind so many bytes for its frame.
   * *Faults thrown*: `invalid_output` for a whole number that has no exact form.
   */
  encode(value: unknown, headBytes = 0): Buffer {
    this.#encode ??= this.#make<(value: unknown) => void>((code) => new EncodeCode(code, writer).function(this.#shape));
    writer.start(headBytes);
    this.#encode(value);
    return writer.finish();
  }

  /** Reads a message as the value that its JSON would be; the contract's schema decides whether it is valid. *Faults thrown*: `malformed_message`. */
  decode(bytes: Buffer): unknown {
    this.#decode ??= this.#make<(reader: Reader) => unknown>((code) => new DecodeCode(code).function(this.#shape));
    return this.#decode(new Reader(bytes));
  }

  #make<F>(write: (code: Code) => string): F {
    const code = new Code();
    const made = code.make<F>(write(code));
    if (made === undefined) throw noCode();
    return made;
  }
}

const noCode = (): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "code_generation_refused",
    message:
      "gRPC compiles its codec from the contracts, and this process may not make code from strings. Start Node.js without --disallow-code-generation-from-strings.",
  });
