import assert from "node:assert";
import { Fault } from "../../core/fault.ts";

const firstBytes = 4_096;
/** A buffer that grew beyond it is let go of after its message. */
const keptBytes = 65_536;
const two32 = 4_294_967_296;
const asciiChars = 24;

/**
 * Writes messages, one after the other, into one buffer that is used again.
 * *Source*: the encoding of Protocol Buffers.
 */
export class Writer {
  #buffer = Buffer.allocUnsafeSlow(firstBytes);
  #view = new DataView(this.#buffer.buffer);
  #at = 0;

  /** Begins a message, behind so many bytes that are filled in later. */
  start(headBytes: number): void {
    this.#at = headBytes;
  }

  /** Gives a copy of what was written. */
  finish(): Buffer {
    const made = Buffer.allocUnsafe(this.#at);
    this.#buffer.copy(made, 0, 0, this.#at);
    if (this.#buffer.length > keptBytes) this.#resize(firstBytes);
    return made;
  }

  /** A whole number that is not negative, below 2 to the 32. */
  varint(value: number): void {
    this.#ensure(5);
    const buffer = this.#buffer;
    let rest = value;
    while (rest > 127) {
      buffer[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    buffer[this.#at++] = rest;
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw noWholeNumber(value);
    if (value >= 0 && value < two32) return this.varint(value);
    this.#ensure(10);
    const buffer = this.#buffer;
    let low = value >= 0 ? (value % two32) >>> 0 : (((value % two32) + two32) % two32) >>> 0;
    let high = Math.floor(value / two32) >>> 0;
    while (high > 0 || low > 127) {
      buffer[this.#at++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    buffer[this.#at++] = low;
  }

  bool(value: boolean): void {
    this.#ensure(1);
    this.#buffer[this.#at++] = value ? 1 : 0;
  }

  double(value: number): void {
    this.#ensure(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  string(text: string): void {
    const { length } = text;
    // Three bytes for each unit, and five for the length.
    this.#ensure(length * 3 + 5);
    if (length <= asciiChars && this.#ascii(text)) return;
    const begin = this.begin();
    this.#at += this.#buffer.write(text, this.#at, "utf8");
    this.end(begin);
  }

  #ascii(text: string): boolean {
    const buffer = this.#buffer;
    const { length } = text;
    let at = this.#at;
    buffer[at++] = length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) return false;
      buffer[at++] = unit;
    }
    this.#at = at;
    return true;
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.#ensure(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  /** Begins what has its length in front. */
  begin(): number {
    this.#ensure(1);
    return ++this.#at;
  }

  /** Ends what began there: its length is written, and what was written moves where that takes more than a byte. */
  end(begin: number): void {
    const length = this.#at - begin;
    if (length < 128) {
      this.#buffer[begin - 1] = length;
      return;
    }
    const more = length < 16_384 ? 1 : length < 2_097_152 ? 2 : length < 268_435_456 ? 3 : 4;
    this.#ensure(more);
    this.#buffer.copyWithin(begin + more, begin, this.#at);
    const end = this.#at + more;
    this.#at = begin - 1;
    this.varint(length);
    this.#at = end;
  }

  #ensure(more: number): void {
    const needed = this.#at + more;
    if (needed > this.#buffer.length) this.#resize(Math.max(needed, this.#buffer.length * 2));
  }

  #resize(bytes: number): void {
    assert(bytes < 2 ** 32, "a message is smaller than 4 GiB");
    const grown = Buffer.allocUnsafeSlow(bytes);
    this.#buffer.copy(grown, 0, 0, Math.min(this.#at, bytes));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }
}

const noWholeNumber = (value: number): Fault =>
  new Fault({
    code: "internal",
    type: "invalid_output",
    message: `${value} is no whole number that gRPC can send exactly. Return one between -(2^53 - 1) and 2^53 - 1.`,
  });
