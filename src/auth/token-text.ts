import { limits } from "../core/limits.ts";

/** The three parts of a signed token, as they were sent. */
export interface TokenText {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

/**
 * Splits a token in compact form, or says that it is none.
 * *Guarantees*: each part is base64url in its one canonical spelling: without padding, without bits that decoding drops. Decoders forgive
 * both, and what has two spellings cannot be a key.
 */
export function splitToken(token: string): TokenText | undefined {
  const match = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token);
  if (match === null) return undefined;
  const [, header, payload, signature] = match as unknown as [string, string, string, string];
  return isCanonical(header) && isCanonical(payload) && isCanonical(signature) ? { header, payload, signature } : undefined;
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, "base64url").toString("base64url") === part;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads one part as a JSON object that means the same to every parser, or gives `undefined`.
 * *Guarantees*: valid UTF-8, no name twice in one object, no `__proto__`; nested no deeper than a JSON body may be; frozen throughout.
 */
export function readJsonPart(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = utf8.decode(Buffer.from(part, "base64url"));
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return freeze(value, 1) === membersOf(text) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Counts the members that a JSON text writes: its colons outside strings. A name that is written twice is parsed once. */
function membersOf(json: string): number {
  return json.replace(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
}

/** Freezes a parsed value to its leaves and counts the members of its objects; gives NaN for what must not be in one. */
function freeze(value: object, depth: number): number {
  if (depth > limits.jsonDepth || Object.hasOwn(value, "__proto__")) return Number.NaN;
  let members = 0;
  for (const inner of Object.values(value)) {
    if (!Array.isArray(value)) members++;
    if (typeof inner === "object" && inner !== null) members += freeze(inner, depth + 1);
  }
  Object.freeze(value);
  return members;
}
