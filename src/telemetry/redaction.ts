import { createHmac } from "node:crypto";
import { limits } from "../core/limits.ts";
import { escapeLineBreaks, numberText, quote } from "./json-text.ts";

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

const hidden = '"[redacted]"';
const rememberedKeys = 1_000;

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
    // Keys may come from callers: what is remembered has a bound.
    if (this.#known.size < rememberedKeys) this.#known.set(key, hides);
    return hides;
  }

  /** *Bounds*: `limits.logFieldChars` of JSON; what is longer is left out and says so. *Guarantees*: never throws. */
  json(fields: Readonly<Record<string, unknown>>): string {
    let text = "{";
    for (const key in fields) {
      if (!Object.hasOwn(fields, key)) continue;
      const value = this.hides(key) ? hidden : this.#valueText(fields[key]);
      if (value === undefined) continue;
      text += `${text.length === 1 ? "" : ","}${quote(key)}:${value}`;
      if (text.length > limits.logFieldChars) return `{"left_out":"more than ${limits.logFieldChars} characters"}`;
    }
    return `${text}}`;
  }

  #valueText(value: unknown): string | undefined {
    if (typeof value === "string") return quote(value);
    if (typeof value === "number") return numberText(value);
    if (typeof value === "boolean" || value === null) return String(value);
    try {
      const json: string | undefined = JSON.stringify(value, (key, inner) => this.#replace(key, inner));
      return json === undefined ? undefined : escapeLineBreaks(json);
    } catch {
      return '"[not JSON]"';
    }
  }

  #replace(key: string, value: unknown): unknown {
    if (key !== "" && this.hides(key)) return "[redacted]";
    if (typeof value === "bigint") return value.toString();
    if (value instanceof Error) return { name: value.name, message: value.message };
    return value;
  }
}

function plain(key: string): string {
  return key.replace(/[-_\s]/g, "").toLowerCase();
}

/**
 * What telemetry tells of a tenant or an actor: the id itself, a pseudonym that is the same in every line, or nothing.
 * A pseudonym keeps ids out of logs; it does not make them anonymous, for whoever knows an id can compute it.
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
