import { createHmac } from "node:crypto";
import { limits } from "../core/limits.ts";
import { anyJson, tooLong } from "../core/value/any-json.ts";
import { escapeLineBreaks } from "./json-text.ts";

/** Keys whose values never reach a log; they also match at the end of a longer key: `newPassword`, `set-cookie`, `x_api_key`. */
const redactedKeys: readonly string[] = [
  "password",
  "passwordHash",
  "passphrase",
  "secret",
  "token",
  "jwt",
  "authorization",
  "cookie",
  "credential",
  "credentials",
  "apiKey",
  "privateKey",
  "accessKey",
  "connectionString",
  "databaseUrl",
  "creditCard",
  "cardNumber",
  "cvc",
  "cvv",
  "pin",
  "ssn",
];

const rememberedKeys = 1_000;
const rememberedChars = 256;

/** Writes what users gave to a log as JSON, without the values of listed keys at any depth. */
export class Redaction {
  readonly #words: readonly string[];
  readonly #known = new Map<string, boolean>();

  constructor(more: readonly string[] = []) {
    this.#words = [...redactedKeys, ...more].map(plain);
  }

  /** Whether the values under `key` are hidden. Case, `-` and `_` make no difference. */
  hides(key: string): boolean {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = plain(key);
    const hides = this.#words.some((word) => name === word || (word.length > 3 && name.endsWith(word)));
    // The cache has a bound, because callers may choose the keys.
    if (this.#known.size < rememberedKeys && key.length <= rememberedChars) this.#known.set(key, hides);
    return hides;
  }

  /**
   * *Bounds*: `limits.logFieldChars` of JSON; what is longer is left out and says so. *Guarantees*: an object, whatever was given; never throws.
   */
  json(fields: unknown): string {
    const text = anyJson(fields, { room: limits.logFieldChars, hides: this.#hides });
    if (text === tooLong) return `{"left_out":"more than ${limits.logFieldChars} characters"}`;
    if (text === undefined) return "{}";
    return escapeLineBreaks(text.startsWith("{") ? text : `{"value":${text}}`);
  }

  readonly #hides = (key: string): boolean => this.hides(key);
}

function plain(key: string): string {
  return key.replace(/[-_\s]/g, "").toLowerCase();
}

/**
 * What telemetry writes of a tenant or an actor: the id, a pseudonym that is the same in every line, or nothing.
 * A pseudonym keeps ids out of logs; it does not make them anonymous, because anyone who knows an id can compute it.
 */
export type IdentityPolicy = "plain" | "hash" | "drop";

const remembered = 10_000;

/** Compiles a policy to a function; `key` (the service's name) keeps the pseudonyms of different services apart. */
export function pseudonym(policy: IdentityPolicy, key: string): (id: string | undefined) => string | undefined {
  if (policy === "plain") return (id) => id;
  if (policy === "drop") return () => undefined;
  const known = new Map<string, string>();
  return (id) => {
    if (id === undefined) return undefined;
    let name = known.get(id);
    if (name === undefined) {
      name = createHmac("sha256", key).update(id).digest("hex").slice(0, 16);
      if (known.size >= remembered) known.clear();
      known.set(id, name);
    }
    return name;
  };
}
