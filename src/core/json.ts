import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { escapeText, isPlainText } from "./json/quote.ts";
import { malformed, readJson } from "./json/reader.ts";
import { hasMoreKeys, refuseMany } from "./json/scan.ts";
import { limits } from "./limits.ts";

/** Bounds of {@link parseJson}. */
export interface JsonBounds {
  /** How deep arrays and objects may stand in each other. *Default*: `limits.jsonDepth`. */
  readonly maxDepth?: number;
  /** How many values a text may hold, arrays and objects included. *Default*: `limits.jsonValues`. */
  readonly maxValues?: number;
}

/**
 * Parses JSON from outside, and refuses what `JSON.parse` lets pass: two equal keys in one object, keys by which prototypes are poisoned
 * (`__proto__`, and `prototype` in a `constructor`), half a surrogate pair, bytes that are no UTF-8, a byte order mark, what is nested deeper than the bound, and
 * more values than the bound, which is counted before any is made; and a number that would be infinite.
 * *Units*: the position in a refusal counts UTF-16 units from the beginning; for what is no UTF-8, bytes.
 * *Faults thrown*: `invalid_argument` of type `malformed_json`, its message and `details.position` saying where; of type `too_many_values` (413).
 */
export function parseJson(
  source: string | Uint8Array,
  { maxDepth = limits.jsonDepth, maxValues = limits.jsonValues }: JsonBounds = {},
): unknown {
  const text = typeof source === "string" ? source : decode(source);
  refuseMany(text, { maxValues, maxDepth });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return readJson(text, maxDepth);
  }
  return isSuspect(text, value, maxDepth) ? readJson(text, maxDepth) : value;
}

/**
 * Whether a text that is valid JSON has to be read once more. Never no where it is to be refused; otherwise yes only where a key has a backslash.
 * With as many keys as the text has, none stood twice.
 */
function isSuspect(text: string, value: unknown, maxDepth: number): boolean {
  if (!text.isWellFormed()) return true;
  const escapes = text.includes("\\");
  if (typeof value === "string") return escapes && !value.isWellFormed();
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value !== "object" || value === null) return false;
  const keys = countKeys(value, maxDepth, escapes);
  return keys < 0 || hasMoreKeys(text, keys) || (escapes && /\\u[dD]/.test(text) && !isWellFormed(value));
}

/** Whether no text in a value is half a surrogate pair. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (Array.isArray(value)) return value.every(isWellFormed);
  if (typeof value !== "object" || value === null) return true;
  for (const key in value) if (!key.isWellFormed() || !isWellFormed((value as Readonly<Record<string, unknown>>)[key])) return false;
  return true;
}

/**
 * How many keys a value has, inner ones included. Below zero where it is too deep, a number is infinite, or a key is one that poisons, or one that has a backslash: what V8 may mistake
 * a key for always has one.
 */
function countKeys(value: object, depth: number, escapes: boolean): number {
  if (depth === 0) return Number.NEGATIVE_INFINITY;
  let count = 0;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const inner: unknown = value[at];
      if (typeof inner === "object" && inner !== null) count += countKeys(inner, depth - 1, escapes);
      else if (typeof inner === "number" && !Number.isFinite(inner)) return Number.NEGATIVE_INFINITY;
    }
    return count;
  }
  for (const key in value) {
    count++;
    const inner = (value as Readonly<Record<string, unknown>>)[key];
    if (key === "__proto__" || (escapes && key.includes("\\"))) return Number.NEGATIVE_INFINITY;
    if (typeof inner === "number" && !Number.isFinite(inner)) return Number.NEGATIVE_INFINITY;
    if (typeof inner !== "object" || inner === null) continue;
    if (key === "constructor" && !Array.isArray(inner) && Object.hasOwn(inner, "prototype")) return Number.NEGATIVE_INFINITY;
    count += countKeys(inner, depth - 1, escapes);
  }
  return count;
}

const replacement = "\ufffd";
const replacementBytes = Buffer.from(replacement);

function decode(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  // Decoding puts this character instead of what is no UTF-8; it may also have been sent.
  if (!text.includes(replacement) || isUtf8(buffer)) return text;
  const at = firstNotUtf8(buffer, text);
  const byte = buffer[at]?.toString(16).padStart(2, "0");
  throw malformed(at, `The byte 0x${byte} there is not UTF-8 (bytes count from 0). Send JSON in UTF-8.`);
}

/** The first byte that was not decoded, of some that were not: where that character stands and was not sent. */
function firstNotUtf8(bytes: Buffer, text: string): number {
  let [at, seen] = [0, 0];
  for (let found = text.indexOf(replacement); found !== -1; found = text.indexOf(replacement, seen)) {
    at += Buffer.byteLength(text.slice(seen, found));
    if (!bytes.subarray(at, at + 3).equals(replacementBytes)) break;
    at += replacementBytes.length;
    seen = found + 1;
  }
  return at;
}

/**
 * Serializes a value so that equal values give equal texts, whatever the order of their keys.
 * *Shapes*: JSON values. As with `JSON.stringify`, `toJSON` is asked, undefined and functions are left out of objects and are `null` elsewhere; maps and sets are lists of what they hold, and a bigint is its digits.
 * *Source*: RFC 8785: keys ordered by their UTF-16 units, numbers and strings as `JSON.stringify` writes them.
 */
export function canonicalJson(value: unknown): string {
  return write(value, "") ?? "null";
}

function write(value: unknown, key: string): string | undefined {
  switch (typeof value) {
    case "string":
      return isPlainText(value) ? `"${value}"` : `"${escapeText(value)}"`;
    case "number":
      return Number.isFinite(value) ? String(value) : "null";
    case "boolean":
    case "bigint":
      return String(value);
    case "object":
      return value === null ? "null" : writeObject(value, key);
    default:
      return undefined;
  }
}

function writeObject(value: object, key: string): string | undefined {
  // Bytes have no JSON form; these stand for them where values are compared.
  if (value instanceof Uint8Array) return `"sha256:${createHash("sha256").update(value).digest("base64")}"`;
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const own: unknown = value.toJSON(key);
    return own === value ? writeFields(value) : write(own, key);
  }
  if (Array.isArray(value)) return writeItems(value);
  if (value instanceof Map || value instanceof Set) return writeItems([...value]);
  return writeFields(value);
}

function writeItems(items: readonly unknown[]): string {
  let text = "[";
  for (let at = 0; at < items.length; at++) text += `${at === 0 ? "" : ","}${write(items[at], String(at)) ?? "null"}`;
  return `${text}]`;
}

function writeFields(value: object): string {
  let text = "{";
  for (const key of Object.keys(value).sort()) {
    const field = write((value as Readonly<Record<string, unknown>>)[key], key);
    if (field !== undefined) text += `${text === "{" ? "" : ","}${write(key, "")}:${field}`;
  }
  return `${text}}`;
}
