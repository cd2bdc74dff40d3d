import assert from "node:assert";
import type { Clock } from "./clock.ts";

/** What a caller says about the trace that it is in. */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly parentSpanId: string;
  readonly sampled: boolean;
  /** What the systems on the way added, passed on as it came; undefined where there is none, or none to trust. */
  readonly state?: string | undefined;
}

const version00 = 55;
const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;
const noTrace = "0".repeat(32);
const noSpan = "0".repeat(16);

/**
 * Reads a `traceparent` header, or says that there is none to trust: a header that breaks the rules starts a new trace.
 * *Guarantees*: upper case, all-zero ids, version `ff` and a version `00` of another length are refused; later versions are read as far as `00` goes.
 * *Source*: W3C Trace Context, level 1.
 */
export function parseTraceparent(header: string): TraceParent | undefined {
  if (!traceparent.test(header)) return undefined;
  if (header.startsWith("ff") || (header.length > version00 && header.startsWith("00"))) return undefined;
  const traceId = header.slice(3, 35);
  const parentSpanId = header.slice(36, 52);
  if (traceId === noTrace || parentSpanId === noSpan) return undefined;
  return { traceId, parentSpanId, sampled: (hexDigit(header.charCodeAt(54)) & 1) === 1 };
}

/** The trace that a request is in, out of both its headers: without a `traceparent` to trust there is none. */
export function parseTrace(header: string | undefined, state: string | undefined): TraceParent | undefined {
  const trace = header === undefined ? undefined : parseTraceparent(header);
  return trace === undefined || state === undefined ? trace : { ...trace, state: parseTracestate(state) };
}

/** Writes the `traceparent` header for a call made from within a span. */
export function formatTraceparent(span: { readonly traceId: string; readonly spanId: string; readonly sampled: boolean }): string {
  return `00-${span.traceId}-${span.spanId}-${span.sampled ? "01" : "00"}`;
}

const tracestateChars = 512;

/**
 * Returns a `tracestate` header that may be passed on as it came, or `undefined` where it must be dropped.
 * *Bounds*: 512 characters of printable ASCII, 32 members.
 */
export function parseTracestate(header: string): string | undefined {
  if (header.length === 0 || header.length > tracestateChars || !/^[\t\x20-\x7e]+$/.test(header)) return undefined;
  return header.split(",").length <= 32 ? header : undefined;
}

const idsPerText = 16;
const bytesPerText = idsPerText * 8;
const poolBytes = bytesPerText * 32;

/**
 * Makes trace and span ids out of pooled random bytes of a clock.
 * *Guarantees*: never all zero. Ids are slices of one short text: keeping an id keeps at most 256 characters.
 */
export class TraceIds {
  readonly #clock: Clock;
  #pool: Buffer = Buffer.alloc(0);
  #poolAt = 0;
  #text = "";
  #textAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** 32 lower-case hexadecimal digits. */
  traceId(): string {
    const id = this.#take(32);
    return id === noTrace ? `${noTrace.slice(1)}1` : id;
  }

  /** 16 lower-case hexadecimal digits. */
  spanId(): string {
    const id = this.#take(16);
    return id === noSpan ? `${noSpan.slice(1)}1` : id;
  }

  #take(chars: number): string {
    if (this.#textAt + chars > this.#text.length) this.#refill();
    const at = this.#textAt;
    this.#textAt = at + chars;
    return this.#text.slice(at, at + chars);
  }

  #refill(): void {
    if (this.#poolAt >= this.#pool.length) {
      this.#pool = this.#clock.randomBytes(poolBytes);
      this.#poolAt = 0;
    }
    this.#text = this.#pool.toString("hex", this.#poolAt, this.#poolAt + bytesPerText);
    this.#poolAt += bytesPerText;
    this.#textAt = 0;
  }
}

/**
 * Decides at the head which traces are kept, from the trace id alone, so that every service that uses the same ratio decides alike.
 * *Bounds*: `ratio` from 0 (none) to 1 (all).
 * *Source*: OpenTelemetry consistent probability sampling: the 56 low bits of the id are its randomness; the highest 32 of them are compared here.
 */
export function ratioSampler(ratio: number): (traceId: string) => boolean {
  assert(ratio >= 0 && ratio <= 1, `A sampling ratio is from 0 to 1, not ${ratio}. Write 0.01 for one trace in a hundred.`);
  const threshold = (1 - ratio) * 2 ** 32;
  return (traceId) => {
    let randomness = 0;
    for (let i = 18; i < 26; i++) randomness = randomness * 16 + hexDigit(traceId.charCodeAt(i));
    return randomness >= threshold;
  };
}

function hexDigit(charCode: number): number {
  return charCode < 58 ? charCode - 48 : charCode - 87;
}
