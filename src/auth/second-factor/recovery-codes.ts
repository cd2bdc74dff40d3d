import assert from "node:assert";
import { createHash, timingSafeEqual } from "node:crypto";
import { type Clock, systemClock } from "../../core/clock.ts";

/** The letters that are not taken for others, in lower case. *Source*: Crockford's base32. */
const digits = "0123456789abcdefghjkmnpqrstvwxyz";
const groups = 6;
const groupChars = 4;
const codeChars = groups * groupChars;
const mostCodes = 50;

/** New recovery codes of a user, and what to keep of them. */
export interface RecoveryCodes {
  /** For the user alone, to be printed or put away: show them once, and keep them nowhere. */
  readonly codes: readonly string[];
  /** What to keep: one for each code. */
  readonly hashes: readonly string[];
}

/**
 * Makes codes with which a user signs in who has lost the second factor. Each has 120 random bits, and is good once. *Source*: NIST SP 800-63B, look-up secrets.
 * @example const { codes, hashes } = newRecoveryCodes();
 */
export function newRecoveryCodes({
  count = 10,
  clock = systemClock,
}: {
  readonly count?: number;
  readonly clock?: Clock;
} = {}): RecoveryCodes {
  assert(Number.isInteger(count) && count >= 1 && count <= mostCodes, `newRecoveryCodes({ count }) is ${count}. Write 1 to ${mostCodes}.`);
  const codes = Array.from({ length: count }, () => {
    const text = Array.from(clock.randomBytes(codeChars), (byte) => digits[byte & 31]).join("");
    return text.match(/.{4}/g)!.join("-");
  });
  return { codes, hashes: codes.map((code) => hashOf(canonical(code))) };
}

/**
 * Returns which of a user's hashes a recovery code has; undefined if it has none of them.
 *
 * Delete the hash in the transaction that accepts the code, and accept it only if a row was deleted: of two requests with one code, one deletes it.
 * Case, spaces and hyphens do not matter, and the letters O, I and L are read as the digits that they look like.
 * *Guarantees*: hashes are compared in constant time.
 * @example const hash = matchRecoveryCode(input.code, user.recoveryHashes);
 */
export function matchRecoveryCode(code: string, hashes: readonly string[]): string | undefined {
  const text = canonical(code);
  if (text.length !== codeChars) return undefined;
  const given = Buffer.from(hashOf(text));
  let found: string | undefined;
  for (const hash of hashes.slice(0, mostCodes)) {
    const kept = Buffer.from(hash);
    if (kept.length === given.length && timingSafeEqual(kept, given)) found = hash;
  }
  return found;
}

function canonical(code: string): string {
  return code
    .slice(0, 4 * codeChars)
    .toLowerCase()
    .replaceAll(/[\s-]/g, "")
    .replaceAll("o", "0")
    .replaceAll(/[il]/g, "1");
}

/** One round is right for 120 random bits, which cannot be guessed. */
function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
