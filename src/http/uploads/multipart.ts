import { malformedMultipart, tooManyParts } from "./faults.ts";
import { type PartHead, readPartHead } from "./part-head.ts";

/** Takes what is found in a multipart body, in its order. What it throws ends the reading. */
export interface MultipartSink {
  part(head: PartHead): void;
  data(bytes: Uint8Array): void;
  partEnd(): void;
}

/** Bounds of a multipart body. */
export interface MultipartBounds {
  readonly parts: number;
  /** Bytes of the head of one part. */
  readonly headBytes: number;
}

type State = "start" | "delimited" | "head" | "data" | "epilogue";

const none = Buffer.alloc(0);
const lineEnd = Buffer.from("\r\n");
const headEnd = Buffer.from("\r\n\r\n");

/**
 * Reads a multipart body as it comes, strictly: there is nothing in front of the first boundary or behind the last but one line break, and a boundary ends
 * its line. *Bounds*: between two pieces it keeps less than one delimiter, or the head of one part.
 * *Source*: RFC 2046 §5.1, RFC 7578. *Faults thrown*: `malformed_multipart`, `too_many_values`.
 */
export class MultipartParser {
  readonly #delimiter: Buffer;
  readonly #sink: MultipartSink;
  readonly #bounds: MultipartBounds;
  #state: State = "start";
  #kept: Buffer = none;
  #parts = 0;

  constructor(boundary: string, { sink, bounds }: { readonly sink: MultipartSink; readonly bounds: MultipartBounds }) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
    this.#sink = sink;
    this.#bounds = bounds;
  }

  push(bytes: Uint8Array): void {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let left = this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
    this.#kept = none;
    for (;;) {
      const rest = this.#step(left);
      if (rest === undefined) return;
      left = rest;
    }
  }

  /** No more comes. */
  end(): void {
    const { length } = this.#kept;
    if (this.#state !== "epilogue" || (length > 0 && length !== lineEnd.length))
      throw malformedMultipart("It ends before its last boundary");
  }

  /** Reads one thing. Returns what is behind it, or undefined where more has to come first. */
  #step(left: Buffer): Buffer | undefined {
    switch (this.#state) {
      case "start":
        return this.#first(left);
      case "delimited":
        return this.#afterDelimiter(left);
      case "head":
        return this.#head(left);
      case "data":
        return this.#data(left);
      case "epilogue":
        if (!lineEnd.subarray(0, left.length).equals(left)) throw malformedMultipart("There is more behind its last boundary");
        return this.#keep(left);
    }
  }

  #keep(left: Buffer): undefined {
    this.#kept = left;
  }

  #first(left: Buffer): Buffer | undefined {
    const wanted = left[0] === lineEnd[0] ? this.#delimiter : this.#delimiter.subarray(lineEnd.length);
    const length = Math.min(left.length, wanted.length);
    if (!left.subarray(0, length).equals(wanted.subarray(0, length))) throw malformedMultipart("It does not begin with its boundary");
    if (length < wanted.length) return this.#keep(left);
    this.#state = "delimited";
    return left.subarray(length);
  }

  #afterDelimiter(left: Buffer): Buffer | undefined {
    if (left.length < lineEnd.length) return this.#keep(left);
    const isLast = left[0] === 0x2d && left[1] === 0x2d;
    if (!isLast && !left.subarray(0, lineEnd.length).equals(lineEnd)) throw malformedMultipart("A boundary does not end its line");
    if (!isLast && ++this.#parts > this.#bounds.parts) throw tooManyParts(this.#bounds.parts);
    this.#state = isLast ? "epilogue" : "head";
    return left.subarray(lineEnd.length);
  }

  #head(left: Buffer): Buffer | undefined {
    const at = left.indexOf(headEnd);
    if ((at === -1 ? left.length : at) > this.#bounds.headBytes)
      throw malformedMultipart(`The head of a part is longer than ${this.#bounds.headBytes} bytes`);
    if (at === -1) return this.#keep(left);
    this.#sink.part(readPartHead(left.subarray(0, at)));
    this.#state = "data";
    return left.subarray(at + headEnd.length);
  }

  #data(left: Buffer): Buffer | undefined {
    const at = left.indexOf(this.#delimiter);
    const until = at === -1 ? left.length - this.#begun(left) : at;
    if (until > 0) this.#sink.data(left.subarray(0, until));
    if (at === -1) return this.#keep(left.subarray(until));
    this.#sink.partEnd();
    this.#state = "delimited";
    return left.subarray(at + this.#delimiter.length);
  }

  /** How many bytes at the end may be the beginning of a delimiter. */
  #begun(left: Buffer): number {
    for (let at = left.indexOf(0x0d, Math.max(0, left.length - this.#delimiter.length + 1)); at !== -1; at = left.indexOf(0x0d, at + 1)) {
      const length = left.length - at;
      if (left.subarray(at).equals(this.#delimiter.subarray(0, length))) return length;
    }
    return 0;
  }
}
