import { systemClock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { TextReply } from "../../core/schema/opaque/carried.ts";
import type { ReplyBytes } from "../download/download-reply.ts";
import { securityHeaders } from "../headers/security.ts";
import { HeaderBlock } from "../reply/head.ts";
import type { HttpReply } from "../reply/reply.ts";

// What the connection decides, and what every response has from the platform.
const ofPlatform = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|trailer|date|content-length|x-request-id)$/;

const allHeaders = new HeaderBlock(securityHeaders);
// By the headers that they leave out. *Bounds*: the sets of these.
const blocks = new Map<string, HeaderBlock>();

/** The headers that browsers obey, without those that a response has itself. */
function blockWithout(own: Headers): HeaderBlock {
  const kept: string[] = [];
  for (let i = 0; i < securityHeaders.length; i += 2)
    if (!own.has(securityHeaders[i] as string)) kept.push(securityHeaders[i] as string, securityHeaders[i + 1] as string);
  const key = kept.join("\n");
  let block = blocks.get(key);
  if (block === undefined) {
    block = new HeaderBlock(kept);
    blocks.set(key, block);
  }
  return block;
}

/** Writes what a plain route returns, of which `headers` are the platform's. */
export function webReply(response: Response | TextReply, headers: string[]): HttpReply {
  if (response instanceof TextReply) {
    headers.push(...response.headers);
    return { status: response.status, constant: allHeaders, headers, body: response.text };
  }
  const { status, body } = response;
  const constant = blockWithout(response.headers);
  for (const [name, value] of response.headers) if (!ofPlatform.test(name)) headers.push(name, value);
  if (body === null) return { status, constant, headers, body: "" };
  const declared = response.headers.get("content-length");
  return { status, constant, headers, body: "", download: bytesOf(body, declared === null ? undefined : Number(declared)) };
}

function bytesOf(body: ReadableStream<Uint8Array>, length: number | undefined): ReplyBytes {
  const isSize = length !== undefined && Number.isSafeInteger(length) && length >= 0;
  return {
    length: isSize ? length : undefined,
    open: (signal) => read(body, { signal, longestMs: limits.streamLongestMs }),
    drop: () => void body.cancel().catch(() => undefined),
  };
}

/**
 * Reads the body of a `Response` for as long as it may take; a client that leaves cancels it.
 * *Faults thrown*: `RangeError` where it takes longer, `TypeError` where a piece of it is not bytes.
 */
export async function* read(
  body: ReadableStream<unknown>,
  { signal, longestMs }: { readonly signal: AbortSignal; readonly longestMs: number },
): AsyncGenerator<Uint8Array, void> {
  const until = systemClock.monotonic() + longestMs;
  const reader = body.getReader();
  const leave = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (!(piece.value instanceof Uint8Array))
        throw new TypeError("The body of the Response has a piece that is not bytes. Encode texts.");
      if (systemClock.monotonic() > until) throw new RangeError(`The body of the Response did not end within ${longestMs} ms.`);
      yield piece.value;
    }
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}
