import type { Fault } from "../core/fault.ts";
import { parseJson } from "../core/json.ts";
import type { Waiting } from "../pipeline/running-execution.ts";
import type { BodySink, LeanRequest } from "./lean-request.ts";
import { bodyEncoded, bodyTooLarge, busy, notJson } from "./problem.ts";

/** Bounds of the bodies of one server. */
export interface BodyLimits {
  readonly bodyBytes: number;
  readonly bodyBytesInFlight: number;
  readonly jsonDepth: number;
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
   * Reads and parses a body; `take` gets the value, undefined where there is none.
   * *Faults thrown*, at once or while waiting: `invalid_argument` (413, 415, malformed JSON), `unavailable` where too much is being read at once.
   */
  read(request: LeanRequest, take: (body: unknown) => void): undefined | BodyReading {
    const { contentLength, chunked, contentType, contentEncoding } = request.known;
    const length = contentLength === undefined ? undefined : Number(contentLength);
    if (length === 0 || (length === undefined && !chunked)) {
      take(undefined);
      return undefined;
    }
    if (!isJson(contentType)) throw notJson();
    if (contentEncoding !== undefined && contentEncoding !== "identity") throw bodyEncoded();
    const { bodyBytes, bodyBytesInFlight } = this.limits;
    if (length !== undefined && length > bodyBytes) throw bodyTooLarge(bodyBytes);
    if (this.bytesInFlight >= bodyBytesInFlight) throw this.tooMuchInFlight();
    return new BodyReading(this, request, take);
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
  readonly #take: (body: unknown) => void;
  #first: Buffer | undefined = undefined;
  #more: Buffer[] | undefined = undefined;
  #size = 0;
  #done: (() => void) | undefined = undefined;
  #failed: ((error: unknown) => void) | undefined = undefined;

  constructor(reader: BodyReader, request: LeanRequest, take: (body: unknown) => void) {
    this.#reader = reader;
    this.#request = request;
    this.#take = take;
  }

  // biome-ignore lint/suspicious/noThenProperty: the pipeline waits for it, once, as it does for a promise.
  then(done: () => void, failed: (error: unknown) => void): void {
    this.#done = done;
    this.#failed = failed;
    this.#request.pipeTo(this);
  }

  chunk(bytes: Buffer): void {
    const reader = this.#reader;
    this.#size += bytes.length;
    reader.bytesInFlight += bytes.length;
    if (this.#size > reader.limits.bodyBytes) this.#refuse(bodyTooLarge(reader.limits.bodyBytes));
    else if (reader.bytesInFlight > reader.limits.bodyBytesInFlight) this.#refuse(reader.tooMuchInFlight());
    else if (this.#first === undefined) this.#first = bytes;
    else if (this.#more === undefined) this.#more = [this.#first, bytes];
    else this.#more.push(bytes);
  }

  end(): void {
    const bytes = this.#more === undefined ? this.#first : Buffer.concat(this.#more);
    this.stop();
    try {
      this.#take(bytes === undefined ? undefined : parseJson(bytes, { maxDepth: this.#reader.limits.jsonDepth }));
    } catch (error) {
      this.#failed?.(error);
      return;
    }
    this.#done?.();
  }

  /** Lets go of what was read; what still comes is dropped. */
  stop(): void {
    this.#reader.bytesInFlight -= this.#size;
    this.#size = 0;
    this.#first = undefined;
    this.#more = undefined;
    this.#request.discard();
  }

  #refuse(fault: Fault): void {
    this.stop();
    this.#failed?.(fault);
  }
}

export function isJson(contentType: string | undefined): boolean {
  if (contentType === "application/json") return true;
  return contentType !== undefined && /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(contentType);
}
