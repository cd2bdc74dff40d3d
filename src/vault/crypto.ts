import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import type { Clock } from "../core/clock.ts";

const saltBytes = 16;
const tagBytes = 16;
// Each text has a key of its own, which seals it alone: so its nonce need not differ.
const nonce = Buffer.alloc(12);

/**
 * Seals bytes with AES-256-GCM. The key of each text is derived from a random salt, so that no number of texts wears the key out, as random nonces would.
 * *Source*: NIST SP 800-38D; HMAC-SHA256 as the function that derives.
 */
export function sealBytes(clock: Clock, key: Buffer, { text, about }: { readonly text: Uint8Array; readonly about: string }): Buffer {
  const salt = clock.randomBytes(saltBytes);
  const cipher = createCipheriv("aes-256-gcm", textKey(key, salt), nonce);
  cipher.setAAD(Buffer.from(about));
  return Buffer.concat([salt, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what was sealed; undefined where it was changed, or sealed with another key or about something else. */
export function openBytes(key: Buffer, sealed: Buffer, about: string): Buffer | undefined {
  if (sealed.length < saltBytes + tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", textKey(key, sealed.subarray(0, saltBytes)), nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(about));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(saltBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

const textKey = (key: Buffer, salt: Buffer): Buffer => createHmac("sha256", key).update("plimsoll vault v1").update(salt).digest();
