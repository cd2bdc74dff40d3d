import { type Clock, systemClock } from "../core/clock.ts";
import type { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { Bound } from "../core/load-line/bound.ts";
import type { LoadLine } from "../core/load-line/load-line.ts";
import { overloaded } from "../core/load-line/refusal.ts";
import type { Waiting } from "../pipeline/state/invocation.ts";
import type { BodyFormat, ContentLimits } from "./bodies/format.ts";
import { BodyBytes } from "./body-bytes.ts";
import { anonymousBodyTooLarge, bodyEncoded, bodyInPieces, bodyTooLarge } from "./faults.ts";
import type { BodySink } from "./lean-request.ts";
import type { RequestHeaders } from "./request-headers.ts";
import type { SpeedLimits } from "./uploads/sending-speed.ts";
import type { BodySource } from "./uploads/upload-reading.ts";

/** Bounds of the bodies of one server. */
export interface BodyLimits extends ContentLimits, SpeedLimits {
  readonly bodyBytes: number;
  /** Bytes of a body of a caller who has not signed in; more if the fields of the operation's input can take more. */
  readonly anonymousBodyBytes: number;
  readonly anonymousBodyChunks: number;
  readonly bodyBytesInFlight: number;
}

/** What is read of a body, and from whom. */
export interface BodyTerms {
  readonly format: BodyFormat;
  /** What the fields of an input can hold, where its sender has not signed in; undefined where it has. *Units*: bytes. */
  readonly anonymousBytes: number | undefined;
}

/** Who wants a body. */
export interface BodyTaker extends BodyTerms {
  take(body: unknown): void;
  /** So many bytes more are kept for the request. */
  keep(bytes: number): void;
}

/** Reads bodies within bounds on each, and on all of them together. */
export class BodyReader {
  readonly limits: BodyLimits;
  /** Bytes of bodies that were received and not parsed yet. *Bounds*: `bodyBytesInFlight`, and one chunk, while it is enforced. */
  bytesInFlight = 0;
  /** Those of bodies above the limit, while it is only measured. */
  bytesOver = 0;
  readonly bound: Bound;
  readonly #clock: Clock;

  constructor(limits: BodyLimits, clock: Clock = systemClock) {
    this.limits = limits;
    this.#clock = clock;
    this.bound = new Bound({
      ...{ name: "body bytes in flight", unit: "bytes", declared: limits.bodyBytesInFlight, now: () => this.bytesInFlight },
      recount: () => {
        this.bytesOver = 0;
      },
    });
  }

  get line(): LoadLine {
    return this.bound.line;
  }

  /**
   * Reads and parses a body; the taker gets the value, undefined where there is none.
   * *Faults thrown*, at once or while waiting: `invalid_argument` (413, 415, malformed JSON), `unavailable` where too much is being read at once.
   */
  read(request: BodySource, taker: BodyTaker): undefined | BodyReading {
    const length = request.known.contentBytes;
    if (!request.known.hasBody) {
      taker.take(undefined);
      return undefined;
    }
    // A chunked body may turn out to be empty: that is known only when its last chunk has arrived.
    const share = new BodyShare(this);
    if (length !== undefined) {
      this.admit(request.known, length, taker);
      share.ask();
    }
    return new BodyReading(share, request, taker);
  }

  /** *Faults thrown*: those of {@link read}, for a body of so many bytes or more. */
  admit({ contentType, contentEncoding }: RequestHeaders, bytes: number, { format, anonymousBytes }: BodyTerms): void {
    if (!format.takes(contentType)) throw format.refusal();
    if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== "identity") throw bodyEncoded();
    const { bodyBytes, anonymousBodyBytes } = this.limits;
    const most = format.bytesMax ?? bodyBytes;
    if (bytes > most) throw bodyTooLarge(most);
    // Any stranger may send it, and reading it takes time: it may have no more bytes than the fields of the operation can take.
    if (anonymousBytes !== undefined && bytes > anonymousBodyBytes && bytes > anonymousBytes)
      throw anonymousBodyTooLarge(Math.max(anonymousBodyBytes, anonymousBytes));
  }

  /** *Faults thrown*: `invalid_argument` where a body of so many bytes comes in so many pieces that each costs more than what is in it. */
  admitPieces(chunks: number, bytes: number): void {
    const most = this.limits.anonymousBodyChunks;
    if (chunks > most && (chunks - most) * limits.bodyChunkBytes > bytes) throw bodyInPieces({ most, chunks, bytes });
  }

  tooMuchInFlight(): Fault {
    return overloaded({ limit: this.line.name, value: this.limits.bodyBytesInFlight, load: this.bytesInFlight }, this.#clock.random());
  }
}

/** What one body has of the bytes in flight. */
export class BodyShare {
  readonly reader: BodyReader;
  #size = 0;
  #era = 0;

  constructor(reader: BodyReader) {
    this.reader = reader;
  }

  /** *Faults thrown*: `unavailable` where too much is being read at once. */
  ask(): void {
    const { bound, bytesInFlight, bytesOver } = this.reader;
    // A body that was let in above the limit in measure mode is counted once, not with each chunk.
    if (bound.isApart(this.#era)) return;
    const era = bound.judge(bytesInFlight - bytesOver);
    if (era === undefined) throw this.reader.tooMuchInFlight();
    this.#era = era;
    if (era > 0) this.reader.bytesOver += this.#size;
  }

  /** So many bytes more have come. *Faults thrown*: those of {@link ask}. */
  take(bytes: number): void {
    this.ask();
    const { reader } = this;
    this.#size += bytes;
    reader.bytesInFlight += bytes;
    if (reader.bound.isApart(this.#era)) reader.bytesOver += bytes;
    reader.line.admits(reader.bytesInFlight);
  }

  /** Lets go of all of it. */
  free(): void {
    const { reader } = this;
    reader.bytesInFlight -= this.#size;
    if (reader.bound.isApart(this.#era)) reader.bytesOver -= this.#size;
    this.#size = 0;
  }
}

/**
 * A body on its way. It settles in the very turn in which its last byte is parsed, where a promise would wait for the next: most bodies have
 * arrived with their headers.
 */
export class BodyReading implements Waiting, BodySink {
  readonly #share: BodyShare;
  readonly #request: BodySource;
  readonly #taker: BodyTaker;
  readonly #bytes = new BodyBytes();
  #done: (() => void) | undefined = undefined;
  #failed: ((error: unknown) => void) | undefined = undefined;

  constructor(share: BodyShare, request: BodySource, taker: BodyTaker) {
    this.#share = share;
    this.#request = request;
    this.#taker = taker;
  }

  // biome-ignore lint/suspicious/noThenProperty: the pipeline waits for it, once, as it does for a promise.
  then(done: () => void, failed: (error: unknown) => void): void {
    this.#done = done;
    this.#failed = failed;
    this.#request.pipeTo(this);
  }

  chunk(bytes: Uint8Array): boolean {
    const { reader } = this.#share;
    try {
      const size = this.#bytes.size + bytes.length;
      reader.admit(this.#request.known, size, this.#taker);
      if (this.#request.known.chunked && this.#taker.anonymousBytes !== undefined) reader.admitPieces(this.#request.chunks, size);
      this.#share.take(bytes.length);
    } catch (error) {
      this.#refuse(error);
      return true;
    }
    this.#taker.keep(bytes.length);
    this.#bytes.add(bytes);
    return true;
  }

  end(): void {
    const bytes = this.#bytes.all();
    this.stop();
    try {
      this.#taker.take(bytes === undefined ? undefined : this.#taker.format.parse(bytes, this.#share.reader.limits));
    } catch (error) {
      this.#failed?.(error);
      return;
    }
    this.#done?.();
  }

  /** Lets go of what was read; what still comes is dropped. */
  stop(): void {
    this.#share.free();
    this.#bytes.clear();
    this.#request.discard();
  }

  #refuse(error: unknown): void {
    this.stop();
    this.#failed?.(error);
  }
}
