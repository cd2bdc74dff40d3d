import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Clock, systemClock } from "../../core/clock.ts";

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const idChars = 12;
/** 256 bits. */
const secretChars = 43;
const checkChars = 6;

/** A new API key, and what to keep of it. */
export interface IssuedApiKey {
  /** The whole key, for the caller alone: show it once, and keep it nowhere. */
  readonly key: string;
  /** By which the key is looked up, and which may be shown: it opens nothing. */
  readonly id: string;
  /** What to keep beside the id. */
  readonly hash: string;
}

/** The parts of a key. */
export interface ApiKeyText {
  readonly id: string;
  readonly hash: string;
}

/** Whether a text may stand before the keys of an app. */
export function isPrefix(prefix: string): boolean {
  return /^[a-z][a-z0-9]{0,15}(?:_[a-z0-9]{1,16}){0,2}$/.test(prefix);
}

/** Makes an API key out of 256 random bits. `id`: of a key that is rotated, which keeps its id. *Default*: a new one. */
export function makeKey(prefix: string, { id, clock = systemClock }: { readonly id?: string; readonly clock?: Clock } = {}): IssuedApiKey {
  const secret = randomText(secretChars, clock);
  const known = id ?? randomText(idChars, clock);
  const text = `${prefix}_${known}_${secret}`;
  return { key: text + checkOf(text), id: known, hash: hashOf(secret) };
}

/** Takes a key apart; undefined where it is none of this prefix, or was not copied whole. */
export function readKey(prefix: string, key: string): ApiKeyText | undefined {
  const rest = key.startsWith(`${prefix}_`) ? key.slice(prefix.length + 1) : "";
  const match = /^([0-9A-Za-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/.exec(rest);
  if (match === null) return undefined;
  const [, id = "", secret = "", check] = match;
  return checkOf(key.slice(0, -checkChars)) === check ? { id, hash: hashOf(secret) } : undefined;
}

/**
 * The hash of a secret. One round is right: a secret of 256 random bits cannot be guessed, so nothing is gained by making guesses slow, as for passwords.
 */
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** Tells a key that was mistyped or cut off from one that is unknown, without a look-up. It is no protection. */
function checkOf(text: string): string {
  let rest = crc32(text);
  let check = "";
  for (let at = 0; at < checkChars; at++) {
    check = digits[rest % digits.length] + check;
    rest = Math.floor(rest / digits.length);
  }
  return check;
}

function randomText(chars: number, clock: Clock): string {
  let text = "";
  while (text.length < chars) {
    // The bytes from 248 on would make the first digits more likely than the others.
    for (const byte of clock.randomBytes(chars)) if (byte < 248 && text.length < chars) text += digits[byte % digits.length];
  }
  return text;
}
