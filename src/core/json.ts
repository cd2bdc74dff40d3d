import { isUtf8 } from "node:buffer";
import { Fault } from "./fault.ts";
import { escapeText, isPlainText } from "./json/quote.ts";
import { type JsonProblem, readJson } from "./json/reader.ts";
import { limits } from "./limits.ts";

/** Bounds of {@link parseJson}. */
export interface JsonBounds {
  /** How deep arrays and objects may stand in each other. *Default*: `limits.jsonDepth`. */
  readonly maxDepth?: number;
}

/**
 * Parses JSON from outside, and refuses what `JSON.parse` lets pass: two equal keys in one object, keys by which prototypes are poisoned
 * (`__proto__`, and `prototype` in a `constructor`), half a surrogate pair, bytes that are no UTF-8, a byte order mark, and what is nested deeper than the bound.
 * *Faults thrown*: `invalid_argument` of type `malformed_json`, its message and `details.position` saying where.
 */
export function parseJson(source: string | Uint8Array, { maxDepth = limits.jsonDepth }: JsonBounds = {}): unknown {
  const text = typeof source === "string" ? source : decode(source);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return readSlowly(text, maxDepth);
  }
  return isSuspect(text, value, maxDepth) ? readSlowly(text, maxDepth) : value;
}

/**
 * Whether a text that is valid JSON has to be read once more. Never no where it is to be refused; rarely yes where it is not.
 * The colon after a key stands next to the key's quote or to a space. With as many such colons as the value has keys, no key stood twice.
 */
function isSuspect(text: string, value: unknown, maxDepth: number): boolean {
  if (!text.isWellFormed()) return true;
  const escapes = text.includes("\\");
  if (typeof value !== "object" || value === null) return escapes;
  let colons = 0;
  for (let at = text.indexOf(":"); at !== -1; at = text.indexOf(":", at + 1)) {
    const before = text.charCodeAt(at - 1);
    if (before === 0x22 || before <= 0x20) colons++;
  }
  return countKeys(value, maxDepth) !== colons || (escapes && !isSound(value));
}

/** Whether no string is half a surrogate pair, and no key has a backslash: what V8 may mistake a key for always has one. */
function isSound(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (Array.isArray(value)) return value.every(isSound);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, inner]) => key.isWellFormed() && !key.includes("\\") && isSound(inner));
}

/** How many keys a value has, inner ones included; below zero where it is too deep, or a key is one that poisons. */
function countKeys(value: object, depth: number): number {
  if (depth === 0) return Number.NEGATIVE_INFINITY;
  let count = 0;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const inner: unknown = value[at];
      if (typeof inner === "object" && inner !== null) count += countKeys(inner, depth - 1);
    }
    return count;
  }
  for (const key in value) {
    count++;
    if (key === "__proto__" || key === "constructor") return Number.NEGATIVE_INFINITY;
    const inner = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof inner === "object" && inner !== null) count += countKeys(inner, depth - 1);
  }
  return count;
}

function decode(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  // Decoding puts this character in the place of what is no UTF-8; it may also have been sent.
  if (!text.includes("\ufffd") || isUtf8(buffer)) return text;
  throw malformed({ at: 0, message: "The text is not UTF-8. Send JSON in UTF-8." });
}

function readSlowly(text: string, maxDepth: number): unknown {
  const { value, problem } = readJson(text, maxDepth);
  if (problem !== undefined) throw malformed(problem);
  return value;
}

function malformed({ at, message }: JsonProblem): Fault {
  return new Fault({
    code: "invalid_argument",
    type: "malformed_json",
    message: `The JSON is refused at position ${at}: ${message}`,
    details: { position: at },
  });
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
