import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";

/** A function like the `fetch` of Node.js. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How a document is fetched, and how long and how large it may be. */
export interface FetchBounds {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** *Units*: milliseconds. */
  readonly timeoutMs: number;
  readonly bytesMax: number;
}

/**
 * Fetches a JSON document.
 * *Faults thrown*: `unavailable`, where it does not come whole within the time and the bytes, is redirected, has no status of success, or is not JSON.
 */
export async function fetchJson(url: string, { fetch, clock, timeoutMs, bytesMax }: FetchBounds): Promise<unknown> {
  const controller = new AbortController();
  const { signal } = controller;
  const late = Promise.withResolvers<never>();
  const timer = clock.schedule(timeoutMs, () => {
    const fault = unusable(url, `did not come within ${timeoutMs} ms`);

    controller.abort(fault);
    // A fetch that does not listen to its signal must not hold up those who wait for it.
    late.reject(fault);
  });
  const read = async (): Promise<string> => {
    // A redirect would leave it to the other side which host is asked.
    const response = await fetch(url, { redirect: "error", headers: { accept: "application/json" }, signal });
    if (response.ok) return readBounded(response, { url, bytesMax, signal });
    await response.body?.cancel();
    throw unusable(url, `came with the status ${response.status}`);
  };
  try {
    return parse(url, await Promise.race([read(), late.promise]));
  } catch (error) {
    throw error instanceof Fault ? error : unusable(url, "could not be fetched", error);
  } finally {
    timer.cancel();
  }
}

async function readBounded(
  response: Response,
  { url, bytesMax, signal }: { readonly url: string; readonly bytesMax: number; readonly signal: AbortSignal },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    signal.throwIfAborted();
    bytes += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (bytes > bytesMax) throw unusable(url, `has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unusable(url, "is not JSON", error);
  }
}

/** The fault of a document that cannot be used; only the log has it, as the cause of a refusal. */
export const unusable = (url: string, why: string, cause?: unknown): Fault =>
  new Fault({ code: "unavailable", type: "keys_unavailable", message: `${url} ${why}.`, cause });
