import { createHash, createHmac } from "node:crypto";
import { requireKey, secretWeakness } from "../core/config/secret.ts";
import type { AuditRow } from "../operation/audit/log.ts";
import type { AuditLink, AuditSpan } from "./store.ts";

const keyBytes = 32;

/** What the chain of a tenant begins with. */
export const beginning = "0".repeat(64);

/** The keys of an audit trail: the first makes the hashes, all of them verify. Each hash is an HMAC with SHA-256, in hex. */
export class AuditKeys {
  readonly #keys: ReadonlyMap<string, string>;
  readonly current: string;

  constructor(key: string | readonly string[]) {
    const keys = typeof key === "string" ? [key] : key;
    const make = "Make a secret with: openssl rand -base64 48";
    requireKey(keys.length > 0, `createApp({ audit: { key } }) needs at least one secret. ${make}`);
    for (const one of keys) {
      const bytes = Buffer.from(one);
      requireKey(
        bytes.length >= keyBytes,
        `createApp({ audit: { key } }) has ${bytes.length} bytes; it needs at least ${keyBytes}. ${make}`,
      );
      const weakness = secretWeakness(bytes);
      requireKey(weakness === undefined, `createApp({ audit: { key } }) ${weakness}, so it can be guessed. ${make}`);
    }
    this.#keys = new Map(keys.map((one) => [idOf(one), one]));
    this.current = idOf(keys[0] ?? "");
  }

  /** The hash of a record; undefined where its key is not known. */
  record(row: Omit<AuditRow, "hash">): string | undefined {
    const { id, tenant, atMs, operation, subject, actor, actorKind, address, request, trace, outcome, fault, input, before, after } = row;
    const what = [operation, subject, outcome, fault, input, before, after];
    return this.#hash(row.key, ["record", id, tenant, atMs, ...what, actor, actorKind, address, request, trace]);
  }

  /** The hash of a link; undefined where its key is not known. */
  link(link: Omit<AuditLink, "hash">, recordHash: string): string | undefined {
    const { tenant, n, id, linkedMs, previous, key } = link;
    return this.#hash(key, ["link", tenant, n, id, linkedMs, previous, recordHash]);
  }

  /** The hash of a span; undefined where its key is not known. */
  span(span: Omit<AuditSpan, "hash">): string | undefined {
    const { tenant, fromN, toN, firstMs, lastMs, sealedMs, link, key } = span;
    return this.#hash(key, ["span", tenant, fromN, toN, firstMs, lastMs, sealedMs, link]);
  }

  /** The text of an array has one reading: every part is quoted or a number. */
  #hash(key: string, parts: readonly (string | number | null)[]): string | undefined {
    const secret = this.#keys.get(key);
    return secret === undefined ? undefined : createHmac("sha256", secret).update(JSON.stringify(parts)).digest("hex");
  }
}

/** Says which key it was, and nothing of the key. */
const idOf = (key: string): string => createHash("sha256").update(`plimsoll audit key ${key}`).digest("hex").slice(0, 12);
