import { isUtf8 } from "node:buffer";
import { Fault } from "../../core/fault.ts";
import { protobufLimits } from "../limits.ts";

const two32 = 4_294_967_296;
const asciiChars = 24;
const replacement = "\ufffd";

/** What `toString` of a buffer calls, without its check of the encoding: half of the time that a short text takes. */
interface Slices extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** Refuses bytes that are no message of the type that was called for. *Faults*: `malformed_message`. */
function malformedMessage(at: number, why: string): Fault {
  return new Fault({
    code: "invalid_argument",
    type: "malformed_message",
    message: `The message is refused at byte ${at}: ${why} Encode it with the descriptor of this server.`,
    details: { position: at },
  });
}

/**
 * Reads one message. *Bounds*: `messageDepth`, `messageValues`. *Faults thrown*: `malformed_message`.
 * *Source*: the encoding of Protocol Buffers.
 */
export class Reader {
  readonly #buffer: Slices;
  at = 0;
  #end: number;
  #depth = 0;
  #values = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer as Slices;
    this.#end = buffer.length;
  }

  get end(): number {
    return this.#end;
  }

  /** Enters what has its length in front, and returns where what is around it ends. */
  enter(): number {
    const length = this.varint();
    const outer = this.#end;
    if (length > outer - this.at) this.fail("a length is beyond the end of its message.");
    if (++this.#depth > protobufLimits.messageDepth) this.fail(`messages are nested more than ${protobufLimits.messageDepth} deep.`);
    this.counts();
    this.#end = this.at + length;
    return outer;
  }

  leave(outer: number): void {
    this.#depth--;
    this.#end = outer;
  }

  /** One more value of those that a message may have. */
  counts(): void {
    if (++this.#values > protobufLimits.messageValues) this.fail(`it has more than ${protobufLimits.messageValues} values.`);
  }

  /** A whole number of at most 32 bits; what is beyond them is left out, as everywhere in Protocol Buffers. */
  varint(): number {
    const buffer = this.#buffer;
    let byte = this.#byte();
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let shift = 7; shift < 70; shift += 7) {
      if (this.at >= this.#end) this.fail("a number is cut off.");
      byte = buffer[this.at++] as number;
      if (shift < 35) value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    return this.fail("a number has more than ten bytes.");
  }

  int64(): number {
    let byte = this.#byte();
    if (byte < 128) return byte;
    let low = byte & 127;
    byte = this.#byte();
    low |= (byte & 127) << 7;
    if (byte < 128) return low;
    byte = this.#byte();
    low |= (byte & 127) << 14;
    if (byte < 128) return low;
    byte = this.#byte();
    low |= (byte & 127) << 21;
    return byte < 128 ? low : this.#long(low);
  }

  /** Reads on from the fifth byte. */
  #long(start: number): number {
    let byte = this.#byte();
    const low = start | ((byte & 127) << 28);
    let high = (byte & 127) >>> 4;
    for (let shift = 3; byte >= 128; shift += 7) {
      if (shift > 31) this.fail("a number has more than ten bytes.");
      byte = this.#byte();
      high |= (byte & 127) << shift;
    }
    const value = (high | 0) * two32 + (low >>> 0);
    if (!Number.isSafeInteger(value)) this.fail("a whole number is beyond 2^53 - 1.");
    return value;
  }

  bool(): boolean {
    return this.int64() !== 0;
  }

  double(): number {
    if (this.#end - this.at < 8) this.fail("a number is cut off.");
    const value = this.#buffer.readDoubleLE(this.at);
    if (!Number.isFinite(value)) this.fail("a number is infinite or not a number.");
    this.at += 8;
    return value;
  }

  string(): string {
    const length = this.varint();
    const begin = this.at;
    if (length > this.#end - begin) this.fail("a text is cut off.");
    const end = begin + length;
    this.at = end;
    if (length === 0) return "";
    const buffer = this.#buffer;
    if (length <= asciiChars) {
      let all = 0;
      for (let at = begin; at < end; at++) all |= buffer[at] as number;
      if (all < 128) return buffer.latin1Slice(begin, end);
    }
    const text = buffer.utf8Slice(begin, end);
    if (text.includes(replacement) && !isUtf8(buffer.subarray(begin, end))) this.fail("a text is not UTF-8.");
    return text;
  }

  /** Skips a field that the message does not name. */
  skip(tag: number): void {
    if (tag >>> 3 === 0) this.fail("a field has the number 0.");
    switch (tag & 7) {
      case 0:
        for (let i = 0; i < 10; i++) if (this.#byte() < 128) return;
        return void this.fail("a number has more than ten bytes.");
      case 1:
        return this.#pass(8);
      case 2:
        return this.#pass(this.varint());
      case 5:
        return this.#pass(4);
      default:
        this.fail(`${tag & 7} is no type of a field that can be skipped.`);
    }
  }

  #pass(bytes: number): void {
    if (bytes > this.#end - this.at) this.fail("a field is cut off.");
    this.at += bytes;
  }

  #byte(): number {
    if (this.at >= this.#end) this.fail("a number is cut off.");
    return this.#buffer[this.at++] as number;
  }

  fail(why: string): never {
    throw malformedMessage(this.at, why);
  }
}
