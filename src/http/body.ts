import type { Fault } from "../core/fault.ts";
import { parseJson } from "../core/json.ts";
import { limits } from "../core/limits.ts";
import type { Waiting } from "../pipeline/state/invocation.ts";
import { BodyBytes } from "./body-bytes.ts";
import { anonymousBodyTooLarge, bodyEncoded, bodyInPieces, bodyTooLarge, busy, notJson } from "./faults.ts";
import type { BodySink, LeanRequest } from "./lean-request.ts";
import type { RequestHeaders } from "./request-headers.ts";

/** Bounds of the bodies of one server. */
export interface BodyLimits {
  readonly bodyBytes: number;
  readonly anonymousBodyBytes: number;
  readonly anonymousBodyChunks: number;
  readonly bodyBytesInFlight: number;
  readonly jsonDepth: number;
  readonly jsonValues: number;
}

/** Who wants a body. */
export interface BodyTaker {
  /** What the fields of an input can hold, where its sender has not signed in; undefined where it has. *Units*: bytes. */
  readonly anonymousBytes: number | undefined;
  take(body: unknown): void;
  /** So many bytes more are kept for the request. */
  keep(bytes: number): void;
}

/** Reads JSON bodies within bounds on each, and on all of them together. */
export class BodyReader {
  readonly limits: BodyLimits;
  /** Bytes of bodies that were received and not parsed yet. *Bounds*: `bodyBytesInFlight`, and one chunk. */
  bytesInFlight = 0;

  constructor(limits: BodyLimits) {
    this.limits = limits;
  }

  /**
   * Reads and parses a body; the taker gets the value, undefined where there is none.
   * *Faults thrown*, at once or while waiting: `invalid_argument` (413, 415, malformed JSON), `unavailable` where too much is being read at once.
   */
  read(request: LeanRequest, taker: BodyTaker): undefined | BodyReading {
    const { contentLength, chunked } = request.known;
    const length = contentLength === undefined ? undefined : Number(contentLength);
    if (length === 0 || (length === undefined && !chunked)) {
      taker.take(undefined);
      return undefined;
    }
    // Of chunks it is not known yet whether there is anything in them.
    if (length !== undefined) this.admit(request.known, length, taker.anonymousBytes);
    return new BodyReading(this, request, taker);
  }

  /** *Faults thrown*: those of {@link read}, for a body of so many bytes or more. */
  admit({ contentType, contentEncoding }: RequestHeaders, bytes: number, anonymousBytes: number | undefined): void {
    if (!isJson(contentType)) throw notJson();
    if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== "identity") throw bodyEncoded();
    const { bodyBytes, anonymousBodyBytes, bodyBytesInFlight } = this.limits;
    if (bytes > bodyBytes) throw bodyTooLarge(bodyBytes);
    // One sender cannot be distinguished from another: what costs time to read has to be worth it for the operation.
    if (anonymousBytes !== undefined && bytes > anonymousBodyBytes && bytes > anonymousBytes)
      throw anonymousBodyTooLarge(Math.max(anonymousBodyBytes, anonymousBytes));
    if (this.bytesInFlight >= bodyBytesInFlight) throw this.tooMuchInFlight();
  }

  /** *Faults thrown*: `invalid_argument` where a body of so many bytes comes in so many pieces that each costs more than what is in it. */
  admitPieces(chunks: number, bytes: number): void {
    const most = this.limits.anonymousBodyChunks;
    if (chunks > most && (chunks - most) * limits.bodyChunkBytes > bytes) throw bodyInPieces({ most, chunks, bytes });
  }

  tooMuchInFlight(): Fault {
    return busy({ limit: "body bytes in flight", value: this.limits.bodyBytesInFlight, load: this.bytesInFlight });
  }
}

/**
 * A body on its way. It settles in the very turn in which its last byte is parsed, where a promise would wait for the next: most bodies have
 * arrived with their headers.
 */
export class BodyReading implements Waiting, BodySink {
  readonly #reader: BodyReader;
  readonly #request: LeanRequest;
  readonly #taker: BodyTaker;
  readonly #bytes = new BodyBytes();
  #done: (() => void) | undefined = undefined;
  #failed: ((error: unknown) => void) | undefined = undefined;

  constructor(reader: BodyReader, request: LeanRequest, taker: BodyTaker) {
    this.#reader = reader;
    this.#request = request;
    this.#taker = taker;
  }

  // biome-ignore lint/suspicious/noThenProperty: the pipeline waits for it, once, as it does for a promise.
  then(done: () => void, failed: (error: unknown) => void): void {
    this.#done = done;
    this.#failed = failed;
    this.#request.pipeTo(this);
  }

  chunk(bytes: Uint8Array): void {
    const reader = this.#reader;
    try {
      const size = this.#bytes.size + bytes.length;
      reader.admit(this.#request.known, size, this.#taker.anonymousBytes);
      if (this.#request.known.chunked && this.#taker.anonymousBytes !== undefined) reader.admitPieces(this.#request.chunks, size);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    reader.bytesInFlight += bytes.length;
    this.#taker.keep(bytes.length);
    this.#bytes.add(bytes);
  }

  end(): void {
    const bytes = this.#bytes.all();
    this.stop();
    try {
      this.#taker.take(bytes === undefined ? undefined : parseBody(bytes, this.#reader.limits));
    } catch (error) {
      this.#failed?.(error);
      return;
    }
    this.#done?.();
  }

  /** Lets go of what was read; what still comes is dropped. */
  stop(): void {
    this.#reader.bytesInFlight -= this.#bytes.size;
    this.#bytes.clear();
    this.#request.discard();
  }

  #refuse(error: unknown): void {
    this.stop();
    this.#failed?.(error);
  }
}

/** *Faults thrown*: `invalid_argument`. */
export function parseBody(bytes: Uint8Array, { jsonDepth, jsonValues }: BodyLimits): unknown {
  return parseJson(bytes, { maxDepth: jsonDepth, maxValues: jsonValues });
}

function isJson(contentType: string | undefined): boolean {
  if (contentType === "application/json") return true;
  return contentType !== undefined && /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(contentType);
}
