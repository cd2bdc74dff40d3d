import assert from "node:assert";
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { requireKey, secretWeakness } from "../core/config/secret.ts";
import { Fault } from "../core/fault.ts";
import { canonicalJson } from "../core/json.ts";
import { limits } from "../core/limits.ts";

/** What a cursor is good for, and for nothing else. */
export interface CursorUse {
  readonly operation: string;
  readonly tenant: string | undefined;
  /** The actor's id; undefined for a caller who has not signed in. */
  readonly actor: string | undefined;
  /** All that decides which rows there are and in which order: the input without the cursor and the limit. */
  readonly filter: unknown;
}

/** The keys of cursors, and how long a cursor is valid. */
export interface CursorsOptions {
  /** The app's secret of at least 32 bytes; of several, the first seals and all open, so that it can be rotated. */
  readonly key: string | Uint8Array | readonly (string | Uint8Array)[];
  /** How long a cursor may be used. *Units*: milliseconds. */
  readonly ttlMs: number;
  readonly clock: Clock;
}

/** Seals and opens pagination cursors. */
export interface Cursors {
  /** *Shapes*: `position` is what JSON can say; it comes back as JSON does. Asserts that the cursor is not longer than 2,048 characters. */
  seal(cursor: CursorUse & { readonly position: unknown }): string;
  /** *Faults thrown*: `invalid_argument` as `cursor_expired`, and as `cursor_invalid` whatever else is wrong with it. */
  open(cursor: string, use: CursorUse): unknown;
}

const version = 1;
const saltBytes = 16;
const expiryAt = 1 + saltBytes;
const headerBytes = expiryAt + 6;
const tagBytes = 16;
// Each cursor has a key of its own, which seals one message only: so its nonce need not differ.
const nonce = Buffer.alloc(12);

/**
 * Makes the cursors of an app: they tell nothing and cannot be made or changed by others.
 *
 * Encrypted and not only signed, because a position holds the columns of the sort order, which the reply need not show. The key of each cursor is
 * derived from a random salt, its expiry and its use, so a cursor that is opened for another operation, tenant, actor or filter fails exactly as a forged
 * one does, and no number of cursors wears out the key, as random nonces would.
 * *Guarantees*: one cursor has one spelling; tags are compared in constant time; expiry is reported only for cursors that are ours.
 * *Source*: AES-256-GCM (NIST SP 800-38D), HKDF (RFC 5869), HMAC-SHA256 as the function that derives.
 */
export function cursors({ key, ttlMs, clock }: CursorsOptions): Cursors {
  const secrets = typeof key === "string" || key instanceof Uint8Array ? [key] : key;
  assert(secrets.length > 0, "cursors({ key }) needs at least one secret. Make one with: openssl rand -base64 48");
  assert(Number.isFinite(ttlMs) && ttlMs > 0, `cursors({ ttlMs }) is ${ttlMs}. Write how many milliseconds a cursor may be used.`);
  const keys = secrets.map(rootKey);
  return {
    seal({ position, ...use }) {
      const head = Buffer.alloc(headerBytes);
      head[0] = version;
      clock.randomBytes(saltBytes).copy(head, 1);
      head.writeUIntBE(Math.floor(clock.now() + ttlMs), expiryAt, 6);
      const text = JSON.stringify(position);
      assert(
        text !== undefined,
        "A cursor's position must be a value that JSON can represent. Give the values of the sort order of the last row.",
      );
      const cipher = createCipheriv("aes-256-gcm", cursorKey(keys[0]!, head, use), nonce);
      const cursor = Buffer.concat([head, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64url");
      const { cursorChars } = limits;
      assert(
        cursor.length <= cursorChars,
        `A cursor has at most ${cursorChars} characters. Put only the values of the sort order into the position.`,
      );
      return cursor;
    },
    open(cursor, use) {
      const sealed = readCanonical(cursor);
      if (sealed === undefined || sealed.length < headerBytes + tagBytes || sealed[0] !== version) throw invalid();
      const head = sealed.subarray(0, headerBytes);
      for (const root of keys) {
        const text = decrypt(sealed, cursorKey(root, head, use));
        if (text === undefined) continue;
        if (clock.now() >= head.readUIntBE(expiryAt, 6)) throw expired();
        return JSON.parse(text);
      }
      throw invalid();
    },
  };
}

function rootKey(secret: string | Uint8Array): Buffer {
  const bytes = Buffer.from(secret as string);
  requireKey(
    bytes.length >= 32,
    `cursors({ key }) has ${bytes.length} bytes; it needs at least 32. Make a secret with: openssl rand -base64 48`,
  );
  const weakness = secretWeakness(bytes);
  requireKey(weakness === undefined, `cursors({ key }) ${weakness}, so it can be guessed. Make a secret with: openssl rand -base64 48`);
  return Buffer.from(hkdfSync("sha256", bytes, Buffer.alloc(0), "plimsoll cursor v1", 32));
}

/** JSON keeps the parts apart: no two uses give the same text. */
function cursorKey(root: Buffer, head: Buffer, { operation, tenant, actor, filter }: CursorUse): Buffer {
  const use = JSON.stringify([operation, tenant ?? null, actor ?? null, canonicalJson(filter ?? null)]);
  return createHmac("sha256", root).update(head).update(use).digest();
}

function decrypt(sealed: Buffer, key: Buffer): string | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return decipher.update(sealed.subarray(headerBytes, -tagBytes), undefined, "utf8") + decipher.final("utf8");
  } catch {
    return undefined;
  }
}

function readCanonical(cursor: string): Buffer | undefined {
  if (cursor.length > limits.cursorChars) return undefined;
  const bytes = Buffer.from(cursor, "base64url");
  return bytes.toString("base64url") === cursor ? bytes : undefined;
}

const invalid = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "cursor_invalid",
    message:
      "The cursor is not valid for this request. Send the cursor of the last page with the same parameters, or leave it out to begin with the first page.",
  });

const expired = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "cursor_expired",
    message: "The cursor has expired. Leave it out to begin with the first page.",
  });
