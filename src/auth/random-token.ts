import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";

const tokenBytes = 32;

/** 256 random bits. */
export function newToken(clock: Clock): string {
  return clock.randomBytes(tokenBytes).toString("base64url");
}

/** What is kept of a token. One round is right for a secret that cannot be guessed. */
export function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** Whether a text may be a token; any other is looked up nowhere. */
export function isToken(text: string): boolean {
  return text.length === 43 && /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(text);
}
