import { createHmac, timingSafeEqual } from "node:crypto";

/** So many signatures of one request are looked at: a sender that rotates its secret sends two. */
const most = 8;

/** How a scheme signs. */
export interface Signing {
  readonly algorithm: "sha256" | "sha512";
  /** What is signed, part after part. */
  readonly signed: readonly (string | Uint8Array)[];
  /** The keys of which each signs as well as another. */
  readonly keys: readonly (string | Uint8Array)[];
}

/**
 * Returns whether one of the signatures that a request shows is right under one of the keys.
 * *Guarantees*: the time that it takes says nothing of where signatures differ, nor which key fits. *Bounds*: the first eight signatures.
 */
export function matches(shown: readonly Uint8Array[], { algorithm, signed, keys }: Signing): boolean {
  const candidates = shown.slice(0, most);
  let isMatched = false;
  for (const key of keys) {
    const hmac = createHmac(algorithm, key);
    for (const part of signed) hmac.update(part);
    const expected = hmac.digest();
    for (const candidate of candidates) if (candidate.length === expected.length && timingSafeEqual(candidate, expected)) isMatched = true;
  }
  return isMatched;
}

/** Reads a signature in hexadecimal or base64; undefined where it is none. */
function decodeSignature(text: string, encoding: "hex" | "base64"): Uint8Array | undefined {
  const form = encoding === "hex" ? /^(?:[0-9a-fA-F]{2}){16,64}$/ : /^[A-Za-z0-9+/]{22,86}={0,2}$/;
  return form.test(text) ? Buffer.from(text, encoding) : undefined;
}

/** The signatures of a list, of which those that are none are left out. */
export function decodeAll(texts: readonly string[], encoding: "hex" | "base64"): readonly Uint8Array[] {
  return texts
    .slice(0, most)
    .map((text) => decodeSignature(text, encoding))
    .filter((signature) => signature !== undefined);
}
