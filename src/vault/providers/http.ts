import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { vaultUnavailable } from "../faults.ts";

/** A function like the `fetch` of Node.js. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A request to a provider of keys. */
export interface ProviderRequest {
  /** The provider, for messages. */
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/**
 * Posts JSON, and returns the JSON of the response. *Bounds*: `limits.vaultProviderMs`, `limits.vaultProviderBytes`.
 * *Faults thrown*: `unavailable` of type `vault_unavailable`; no message has anything of either body.
 */
export async function postJson({ name, url, headers, body, fetch, clock }: ProviderRequest): Promise<Readonly<Record<string, unknown>>> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = clock.schedule(limits.vaultProviderMs, () => {
    const fault = vaultUnavailable(`${name} did not respond within ${limits.vaultProviderMs} ms. Check the path to it.`);
    controller.abort(fault);
    late.reject(fault);
  });
  const read = async (): Promise<Readonly<Record<string, unknown>>> => {
    const response = await fetch(url, { method: "POST", redirect: "error", headers, body, signal: controller.signal });
    const text = await readBounded(name, response);
    if (!response.ok)
      throw vaultUnavailable(`${name} responded with the status ${response.status}. Check its address, its key and the credentials.`);
    return JSON.parse(text);
  };
  try {
    return await Promise.race([read(), late.promise]);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "unavailable") throw error;
    throw vaultUnavailable(`${name} could not be asked. Check the path to it.`, error);
  } finally {
    timer.cancel();
  }
}

async function readBounded(name: string, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limits.vaultProviderBytes)
      throw vaultUnavailable(`${name} sent more than ${limits.vaultProviderBytes} bytes. Check its address.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A text of a response. *Faults thrown*: as of `postJson`, where it is none. */
export function textIn(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw vaultUnavailable(`${name} responded without what was asked for. Check its address and version.`);
}
