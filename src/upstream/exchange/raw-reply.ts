import type { Fault } from "../../core/fault.ts";
import { RefusedAddress } from "../connection/lookup.ts";
import { addressRefused, clientClosed, connectionLost, type Phase, replyMalformed, replyTooLarge, unreachable } from "../faults.ts";
import { readHandshakeError } from "./handshake.ts";

/** A reply as it came: nothing of it is checked but its size. */
export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The headers of a reply, by their names in lower case; one that stands several times is a list. */
export function plainHeaders(headers: RawReply["headers"]): Readonly<Record<string, string>> {
  const plain: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) plain[name] = typeof value === "string" ? value : value.join(", ");
  }
  return plain;
}

/** Nothing is unpacked: a few bytes could become very many. */
export function checkEncoding(upstream: string, headers: RawReply["headers"]): Fault | undefined {
  const encoding = headers["content-encoding"];
  if (encoding === undefined || encoding === "identity") return undefined;
  return replyMalformed(upstream, "its content is encoded, although no encoding was accepted");
}

/** Reads an error of undici or of a socket as the fault that it is. */
export function readConnectionError(
  error: Error,
  phase: Phase,
  { upstream, replyHeaderBytes }: { readonly upstream: string; readonly replyHeaderBytes: number },
): Fault {
  const refusal = refusedAddressIn(error);
  if (refusal !== undefined) return addressRefused(upstream, refusal);
  const code = (error as { readonly code?: unknown }).code;
  if (code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED") return clientClosed(upstream);
  if (code === "UND_ERR_HEADERS_OVERFLOW") return replyTooLarge(upstream, "headers", replyHeaderBytes);
  // With TLS 1.3 an upstream refuses the certificate of this process after the first request was written.
  const handshake = readHandshakeError(upstream, error);
  if (handshake !== undefined) return handshake;
  if (phase === "connecting") return unreachable(upstream, error);
  if (error.name === "HTTPParserError") return replyMalformed(upstream, "it is no HTTP", error);
  // What breaks off after its head was cut; what never had a body has a head that contradicts itself.
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" && phase === "sent")
    return replyMalformed(upstream, "its length is not certain", error);
  if (error.message === "bad response" || error.message === "bad upgrade")
    return replyMalformed(upstream, "it has a status that no request asked for", error);
  return connectionLost(upstream, { phase, cause: error });
}

/** Where several addresses were tried, it may be one of several errors. */
function refusedAddressIn(error: unknown): RefusedAddress | undefined {
  if (error instanceof RefusedAddress) return error;
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: readonly unknown[] };
  const inside = [...(errors ?? []), cause];
  return inside.find((one): one is RefusedAddress => one instanceof RefusedAddress);
}
