import { Fault } from "./fault.ts";
import { limits } from "./limits.ts";

/** Bounds of {@link parseJson}. */
export interface JsonBounds {
  /** How deep arrays and objects may stand in each other. *Default*: `limits.jsonDepth`. */
  readonly maxDepth?: number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Parses JSON from outside.
 * *Faults thrown*: `invalid_argument`, its message saying where: text that is no JSON or no UTF-8, deeper than allowed, a key that stands twice in one object,
 * a key by which prototypes are poisoned (`__proto__`, and `constructor` with an object that has `prototype`), a surrogate without its pair.
 */
export function parseJson(source: string | Uint8Array, { maxDepth = limits.jsonDepth }: JsonBounds = {}): unknown {
  const text = typeof source === "string" ? source : decode(source);
  const value = parse(text);
  scan(text, maxDepth);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw malformed("The body is not UTF-8. Send JSON in UTF-8.", cause);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed(`The body is not JSON: ${cause instanceof Error ? cause.message : String(cause)}. Mend the text at that place.`, cause);
  }
}

/** Reads a text that is valid JSON once more, for what `JSON.parse` lets pass. */
function scan(text: string, maxDepth: number): void {
  /** Of each object that is open: its keys so far; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  const path: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) {
      const start = at;
      at = endOfString(text, at);
      const keys = open.at(-1);
      const raw = text.slice(start, at + 1);
      if (!isKey(text, at)) {
        if (raw.includes("\\u") && !(JSON.parse(raw) as string).isWellFormed()) throw lone(start);
        continue;
      }
      const key = JSON.parse(raw) as string;
      if (!key.isWellFormed()) throw lone(start);
      if (keys!.has(key))
        throw malformed(`The key ${raw} stands twice in one object, the second time at position ${start}. Leave one out.`);
      keys!.add(key);
      path[open.length - 1] = key;
      if (key === "__proto__" || (key === "prototype" && path[open.length - 2] === "constructor")) throw poisoned(raw, start);
    } else if (unit === 0x7b || unit === 0x5b) {
      open.push(unit === 0x7b ? new Set() : undefined);
      path[open.length - 1] = "";
      if (open.length > maxDepth) throw malformed(`The body is nested deeper than ${maxDepth} at position ${at}. Send it flatter.`);
    } else if (unit === 0x7d || unit === 0x5d) open.pop();
  }
}

const quote = 0x22;

function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let unit = text.charCodeAt(at); unit !== quote; unit = text.charCodeAt(at)) at += unit === 0x5c ? 2 : 1;
  return at;
}

/** Whether a colon follows the string that ends here. */
function isKey(text: string, end: number): boolean {
  let at = end + 1;
  while (text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at) === 0x3a;
}

function lone(at: number): Fault {
  return malformed(`The string at position ${at} has half of a surrogate pair. Send whole characters.`);
}

function poisoned(raw: string, at: number): Fault {
  return malformed(`The key ${raw} at position ${at} is refused, for it can change what objects inherit. Leave it out.`);
}

function malformed(message: string, cause?: unknown): Fault {
  return new Fault({ code: "invalid_argument", type: "malformed_json", message, cause });
}

/**
 * Serializes a JSON value with its keys in order, so that equal values give equal texts.
 * *Source*: RFC 8785: keys by their UTF-16 units, numbers and strings as `JSON.stringify` writes them.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
