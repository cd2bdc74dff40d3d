import assert from "node:assert";
import { type FetchBounds, fetchJson, unusable } from "./fetch-json.ts";

/**
 * Finds where an issuer publishes its keys.
 * *Faults thrown*: `unavailable`, where its document cannot be had, is of another issuer, or names no address that may be asked.
 * *Source*: OpenID Connect Discovery 1.0, sections 4 and 4.3.
 */
export async function locateKeys(issuer: string, bounds: FetchBounds): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const document = (await fetchJson(url, bounds)) as { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null;
  // Otherwise the document of one issuer could stand for another.
  if (document?.issuer !== issuer) throw unusable(url, `is not the document of the issuer ${issuer}`);
  const { jwks_uri: keysUrl } = document;
  if (typeof keysUrl !== "string" || !mayBeAsked(keysUrl)) throw unusable(url, "has a jwks_uri that is not an https address");
  if (new URL(keysUrl).protocol === "http:" && !isLoopback(new URL(issuer)))
    throw unusable(url, "has a jwks_uri that is not an https address");
  return keysUrl;
}

/** Asserts that keys may be fetched from an address: https, or http on this machine for development. */
export function requireUrl(url: string, what: string): void {
  assert(
    mayBeAsked(url),
    `${what} is ${JSON.stringify(url)}. Write an https URL: keys that travel in the clear can be replaced by anyone on the way. http is for this machine only.`,
  );
}

function mayBeAsked(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.username === "" && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url)));
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
