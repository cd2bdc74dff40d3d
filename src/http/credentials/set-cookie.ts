import assert from "node:assert";
import type { IssuedCredential } from "../../operation/authentication/place.ts";

/** Writes the value of `Set-Cookie` for a credential that scripts of pages cannot read. *Source*: RFC 6265 section 4.1. */
export function setCookieText({ name, value, lifetimeSeconds, sameSite }: IssuedCredential): string {
  assert(/^[\w.~!#$%&'*+^`|-]+$/.test(name) && /^[\w.~+/=-]*$/.test(value), "a credential is a token of base64 or base64url");
  return `${name}=${value}; Path=/; Max-Age=${Math.max(0, Math.floor(lifetimeSeconds))}; Secure; HttpOnly; SameSite=${sameSite}`;
}
