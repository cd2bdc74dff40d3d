import assert from "node:assert";
import { timingSafeEqual } from "node:crypto";
import { type Clock, systemClock } from "../../core/clock.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import { type Fault, refusal } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Actor, Authenticator } from "../../operation/actor.ts";
import { bearer } from "../../operation/authentication/bearer.ts";
import { signedInBy } from "../../operation/authentication/credentials.ts";
import type { CredentialPlace } from "../../operation/authentication/place.ts";
import { RememberedTokens } from "../remembered-tokens.ts";
import { type ApiKeyText, type IssuedApiKey, isPrefix, makeKey, readKey } from "./key-text.ts";
import { type ApiKeyUse, KeyUses } from "./key-uses.ts";

/** What an app keeps of an API key. */
export interface StoredApiKey {
  /** The hashes of its secrets: one, or several while it is rotated. *Bounds*: 1 to 4. */
  readonly hashes: readonly string[];
  /** On whose behalf it acts; its roles are what the key may do. */
  readonly actor: Actor;
  /** When it was issued, for `revoke({ user, before })`. *Default*: not known, so that revoking its user ends it too. */
  readonly issuedAt?: Date;
  /** From when on it is refused. *Default*: never. */
  readonly expiresAt?: Date;
}

/** Options of {@link apiKeys}. */
export interface ApiKeyOptions {
  /** What every key of the app begins with, as in `shop_live`: scanners for leaked secrets find it. */
  readonly prefix: string;
  /** The header in which callers send the key as it is, as in `X-Api-Key`. *Default*: `Authorization`, behind `Bearer`. */
  readonly header?: string;
  /** Finds what is kept of a key by its id; undefined for one that is unknown or was withdrawn. */
  readonly find: (id: string) => StoredApiKey | undefined | Promise<StoredApiKey | undefined>;
  /** How long a verified key is good without another look-up, so also how long after its withdrawal. *Default*: 1 s. *Bounds*: 0 to 1 min. */
  readonly rememberFor?: Duration;
  /**
   * Gets which keys were used and when last, each once within `usedEvery`: write it beside the keys, to find those that no caller uses any more. No request waits for
   * it. Where it throws, the process warns, and the next use of a key is reported again. A process that ends does not report its last uses.
   */
  readonly used?: (uses: readonly ApiKeyUse[]) => unknown;
  /** *Default*: 1 min. *Bounds*: 1 s to 1 h. */
  readonly usedEvery?: Duration;
  readonly clock?: Clock;
}

const mostHashes = 4;

/**
 * Authenticates API keys, sent as `Authorization: Bearer <key>` or in a header of their own. {@link issueApiKey} makes them.
 *
 * A key that was mistyped or cut off is refused without a look-up. In a list of schemes, write it before `jwt`, which takes every bearer token for one of its own.
 * *Faults thrown*: `unauthenticated` as `token_invalid` or `token_expired`; what `find` throws.
 * *Guarantees*: secrets are compared by their hashes, in constant time. A key that is withdrawn is refused after `rememberFor`.
 * @example authentication: [apiKeys({ prefix: "shop", find: (id) => app.call(findKey, { id }, { actor: system }) }), jwt({ … })]
 */
export function apiKeys(options: ApiKeyOptions): Authenticator {
  return new ApiKeys(options);
}

/**
 * Makes a new API key. Show `key` once, and keep `id` and `hash`.
 * To rotate a key, make another with its `id`, add the new hash to `hashes`, and take the old one out when the caller uses the new key.
 * @example const { key, id, hash } = issueApiKey("shop");
 */
export function issueApiKey(prefix: string, options?: { readonly id?: string; readonly clock?: Clock }): IssuedApiKey {
  assertPrefix(prefix, "issueApiKey");
  assert(
    options?.id === undefined || /^[0-9A-Za-z]{12}$/.test(options.id),
    "issueApiKey({ id }) is no id of a key. Give the one that it returned.",
  );
  return makeKey(prefix, options);
}

class ApiKeys implements Authenticator {
  readonly scheme = "apiKey";
  readonly document: Readonly<Record<string, unknown>>;
  readonly place?: CredentialPlace;
  readonly #options: ApiKeyOptions;
  readonly #clock: Clock;
  readonly #rememberMs: number;
  readonly #remembered = new RememberedTokens(limits.rememberedTokens);
  readonly #uses: KeyUses | undefined;

  constructor(options: ApiKeyOptions) {
    const { prefix, header, rememberFor = "1s", used, usedEvery = "1m", clock = systemClock } = options;
    assertPrefix(prefix, "apiKeys");
    this.#rememberMs = toMs(rememberFor);
    const bounded = this.#rememberMs >= 0 && this.#rememberMs <= limits.rememberedTokenMs;
    assert(bounded, `apiKeys({ rememberFor }) is ${this.#rememberMs} ms. Write 0 to "1m".`);
    const everyMs = toMs(usedEvery);
    assert(everyMs >= 1_000 && everyMs <= 3_600_000, `apiKeys({ usedEvery }) is ${everyMs} ms. Write "1s" to "1h".`);
    this.#uses = used && new KeyUses({ used, everyMs, clock });
    this.#options = options;
    this.#clock = clock;
    const description = `An API key, which begins with ${prefix}_.`;
    this.document =
      header === undefined ? { type: "http", scheme: "bearer", description } : { type: "apiKey", in: "header", name: header, description };
    if (header === undefined) return;
    assert(
      /^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(header),
      `apiKeys({ header }): "${header}" is not the name of a header. Write it as in "X-Api-Key".`,
    );
    assert(
      header.toLowerCase() !== "authorization",
      "apiKeys({ header }) is Authorization, where keys stand behind Bearer. Leave the option out.",
    );
    this.place = { in: "header", name: header.toLowerCase() };
  }

  /** Only what begins as a key of this app does: another scheme may have the other bearer tokens. */
  credentialsIn(header: string): string | undefined {
    const token = this.place === undefined ? bearer.credentialsIn(header) : header;
    return token?.startsWith(`${this.#options.prefix}_`) ? token : undefined;
  }

  missing(needs: string): Fault {
    return refusal({
      code: "unauthenticated",
      type: "token_missing",
      message: `This operation needs ${needs}, and the request has no API key. Send it as "${this.#example}".`,
    });
  }

  unreadable(): Fault {
    return refusal({
      code: "unauthenticated",
      type: "token_invalid",
      message: `The request has no API key where it should be. Send it once, as "${this.#example}".`,
    });
  }

  challenge(fault: Fault): string {
    return this.place === undefined ? bearer.challenge(fault) : `ApiKey header="${this.#options.header}"`;
  }

  get #example(): string {
    const { header, prefix } = this.#options;
    return `${header === undefined ? "Authorization: Bearer" : `${header}:`} ${prefix}_…`;
  }

  authenticate(key: string): Actor | Promise<Actor> {
    const now = this.#clock.now();
    const known = this.#remembered.get(key, now);
    if (known !== undefined) return known.actor;
    const text = readKey(this.#options.prefix, key);
    if (text === undefined) throw refused("The API key was not copied whole. Send it exactly as it was issued.", "its checksum");
    const found = this.#options.find(text.id);
    const verify = (stored: StoredApiKey | undefined) => this.#verify(key, { ...text, stored });
    return found instanceof Promise ? found.then(verify) : verify(found);
  }

  remembered(key: string) {
    return this.#remembered.get(key, this.#clock.now());
  }

  #verify(key: string, { id, hash, stored }: ApiKeyText & { readonly stored: StoredApiKey | undefined }): Actor {
    const now = this.#clock.now();
    if (!isAmong(hash, stored?.hashes ?? [])) throw refused("The API key is unknown, or was withdrawn. Ask for a new one.", "id or secret");
    const { actor, issuedAt, expiresAt } = stored as StoredApiKey;
    const expiresMs = expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
    // A date that is none compares as later than nothing: it must not make a key eternal.
    if (!(now < expiresMs))
      throw refusal({ code: "unauthenticated", type: "token_expired", message: "The API key has expired. Ask for a new one." });
    this.#uses?.note(id, now);
    const frozen = Object.freeze({ ...actor });
    signedInBy(frozen, { id, issuedAt: issuedAt?.getTime() });
    if (this.#rememberMs > 0)
      this.#remembered.add({ token: key, actor: frozen, validFrom: now, validUntil: Math.min(now + this.#rememberMs, expiresMs) });
    return frozen;
  }
}

/** Compares with each, whichever fits: how long it takes says nothing of where they differ. */
function isAmong(hash: string, hashes: readonly string[]): boolean {
  const given = Buffer.from(hash);
  let found = false;
  for (const one of hashes.slice(0, mostHashes)) {
    const kept = Buffer.from(one);
    if (kept.length === given.length && timingSafeEqual(kept, given)) found = true;
  }
  return found;
}

function assertPrefix(prefix: string, what: string): void {
  assert(isPrefix(prefix), `${what}: "${prefix}" is no prefix. Write lower case letters and digits, as in "shop" or "shop_live".`);
}

const refused = (message: string, cause: string): Fault => refusal({ code: "unauthenticated", type: "token_invalid", message, cause });
