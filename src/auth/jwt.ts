import assert from "node:assert";
import type { errors as JoseErrors } from "jose";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { LoadLine } from "../core/load-line/load-line.ts";
import { loadLines } from "../core/load-line/load-lines.ts";
import { overloaded } from "../core/load-line/refusal.ts";
import type { Actor, Authenticator, RememberedToken } from "../operation/actor.ts";
import { bearer } from "../operation/authentication/bearer.ts";
import { actorOf, type ClaimNames } from "./claims.ts";
import { tokenExpired, tokenForOthers, tokenInvalid, tokenMalformed, tokenNotYetValid, tokenTooLong } from "./faults.ts";
import { RemoteKeys } from "./jwks/jwks.ts";
import { type KeySource, type TokenAlgorithm, type TokenKey, TokenKeys } from "./keys.ts";
import { RememberedTokens } from "./remembered-tokens.ts";
import { readJsonPart, splitToken, type TokenText } from "./token-text.ts";

/** Options of {@link jwt}. */
export interface JwtOptions {
  /** One key, or several while keys are rotated; a token chooses by `kid`. Or `jwks()`, which fetches them from the issuer. */
  readonly keys: readonly TokenKey[] | RemoteKeys;
  /** The `iss` that a token must have. */
  readonly issuer: string;
  /** What a token must have in `aud`. */
  readonly audience: string;
  /** The only algorithms allowed. *Default*: those of the keys. */
  readonly algorithms?: readonly TokenAlgorithm[];
  /** *Default*: `tid`. */
  readonly tenantClaim?: string;
  /** *Default*: `roles`. */
  readonly rolesClaim?: string;
  /** How far the issuer's clock may be off. *Units*: seconds. *Default*: 5. *Bounds*: 0 to 300. */
  readonly clockToleranceSeconds?: number;
  /** Verified tokens that are remembered. *Default*: 10,000. */
  readonly rememberedTokens?: number;
  readonly clock?: Clock;
}

/**
 * Authenticates bearer tokens that are JSON Web Tokens signed with HS256, EdDSA (Ed25519), ES256, RS256 or PS256.
 * *Faults thrown*: `unauthenticated` as `token_expired`, `token_not_yet_valid`, `token_too_long` or `token_invalid`; `unavailable`, as `keys_unavailable`
 * where the keys are fetched and cannot be had.
 * *Guarantees*: a key is used only with its own algorithm. Issuer, audience, `sub` and `exp` are required, `nbf` and `iat` are checked. A verified
 * token is cached until it expires, for at most 60 s; many requests with one new token verify it once.
 * *Bounds*: a token has at most 8,192 characters. A token cannot be revoked before it expires, so keep its lifetime short. Identify a token by its
 * `jti`, never by its text: the holder of an ES256 token can make a second valid signature from the first.
 * @example
 * authentication: jwt({ keys: [{ id: "2026-11", algorithm: "EdDSA", publicKey: settings.tokenKey }], issuer: "https://id.example.com", audience: "shop" })
 */
export function jwt(options: JwtOptions): Authenticator {
  return new JwtAuthenticator(options);
}

class JwtAuthenticator implements Authenticator {
  readonly scheme = bearer.scheme;
  readonly credentialsIn = bearer.credentialsIn;
  readonly missing = bearer.missing;
  readonly unreadable = bearer.unreadable;
  readonly challenge = bearer.challenge;
  readonly document = { type: "http", scheme: "bearer", bearerFormat: "JWT" };
  readonly #keys: KeySource;
  readonly #keyLines: readonly LoadLine[];
  readonly #expected: { readonly issuer: string; readonly audience: string };
  readonly #names: ClaimNames;
  readonly #toleranceSeconds: number;
  readonly #clock: Clock;
  readonly #remembered: RememberedTokens;
  readonly #verifying = new Map<string, Promise<Actor>>();
  readonly #line = new LoadLine({
    ...{ name: "tokens being verified", unit: "tokens", declared: limits.verifyingTokens },
    now: () => this.#verifying.size,
  });
  readonly #full = this.#line.reason("full");

  constructor(options: JwtOptions) {
    const { keys, issuer, audience, algorithms, clockToleranceSeconds = 5, rememberedTokens = limits.rememberedTokens } = options;
    assert(typeof issuer === "string" && issuer !== "", "jwt({ issuer }) is empty. Write the text that your tokens have in iss.");
    assert(typeof audience === "string" && audience !== "", "jwt({ audience }) is empty. Write the text that your tokens have in aud.");
    const tolerated = clockToleranceSeconds >= 0 && clockToleranceSeconds <= 300;
    assert(tolerated, `jwt({ clockToleranceSeconds }) is ${clockToleranceSeconds}. Write 0 to 300 seconds.`);
    const bounded = Number.isSafeInteger(rememberedTokens) && rememberedTokens >= 1;
    assert(bounded, `jwt({ rememberedTokens }) is ${rememberedTokens}. Write a whole number from 1.`);
    this.#expected = { issuer, audience };
    this.#names = { tenantClaim: options.tenantClaim ?? "tid", rolesClaim: options.rolesClaim ?? "roles" };
    this.#toleranceSeconds = clockToleranceSeconds;
    this.#clock = options.clock ?? systemClock;
    if (keys instanceof RemoteKeys) {
      const fetched = keys.open({ issuer, algorithms, clock: this.#clock });
      this.#keys = fetched;
      this.#keyLines = [fetched.line, fetched.age];
    } else {
      this.#keys = localKeys(keys, algorithms);
      this.#keyLines = [];
    }
    this.#remembered = new RememberedTokens(rememberedTokens);
  }

  /** Its limit, for the app that uses it. */
  get [loadLines](): readonly LoadLine[] {
    return [this.#line, ...this.#keyLines];
  }

  authenticate(token: string): Actor | Promise<Actor> {
    if (token.length > limits.tokenChars) throw tokenTooLong();
    return this.#remembered.get(token, this.#clock.now())?.actor ?? this.#verifying.get(token) ?? this.#verify(token);
  }

  remembered(token: string): RememberedToken | undefined {
    return token.length > limits.tokenChars ? undefined : this.#remembered.get(token, this.#clock.now());
  }

  #verify(token: string): Promise<Actor> {
    // Refuse a token that is not in canonical form before anything is cached under its text.
    const text = splitToken(token);
    if (text === undefined) throw tokenMalformed("not canonical");
    const header = readJsonPart(text.header);
    if (header === undefined) throw tokenMalformed("header");
    // `crit` lists extensions that a verifier must understand, and this one understands none.
    if (Object.hasOwn(header, "crit")) throw noKey();
    const { size } = this.#verifying;
    if (size >= limits.verifyingTokens && this.#line.refuses(this.#full))
      throw overloaded({ limit: this.#line.name, value: limits.verifyingTokens, load: size }, this.#clock.random());
    this.#line.admits(size + 1);
    const verifying = this.#check(token, { text, header }).finally(() => this.#verifying.delete(token));
    this.#verifying.set(token, verifying);
    return verifying;
  }

  async #check(token: string, { text, header }: { readonly text: TokenText; readonly header: Record<string, unknown> }): Promise<Actor> {
    const chosen = this.#keys.choose(header);
    const key = chosen instanceof Promise ? await chosen : chosen;
    if (key === undefined) throw noKey();
    // Loaded when first used: a start does not wait for it.
    const { errors, jwtVerify } = await import("jose");
    const verifiedAt = this.#clock.now();
    try {
      await jwtVerify(token, key.key, {
        ...this.#expected,
        algorithms: [key.algorithm],
        requiredClaims: ["exp", "sub"],
        clockTolerance: this.#toleranceSeconds,
        currentDate: new Date(verifiedAt),
      });
    } catch (error) {
      if (error instanceof errors.JOSEError) throw refusal(error, errors);
      throw error;
    }
    const claims = readJsonPart(text.payload);
    if (claims === undefined) throw tokenMalformed("payload");
    const { exp, iat = 0 } = claims as { readonly exp: number; readonly iat?: unknown };
    if (typeof iat !== "number" || !Number.isFinite(exp)) throw tokenInvalid("iat or exp");
    if (iat * 1_000 > verifiedAt + this.#toleranceSeconds * 1_000) throw tokenNotYetValid();
    const actor = actorOf(claims, this.#names);
    if ("unfit" in actor) throw tokenInvalid(actor.unfit);
    const validUntil = Math.min((exp + this.#toleranceSeconds) * 1_000, verifiedAt + limits.rememberedTokenMs);
    // jose counts whole seconds, we do not.
    if (this.#clock.now() >= validUntil) throw tokenExpired();
    this.#remembered.add({ token, actor, validFrom: verifiedAt, validUntil });
    return actor;
  }
}

const noKey = (): Fault => tokenInvalid("no key for its alg and kid");

function localKeys(keys: readonly TokenKey[], allowed: readonly TokenAlgorithm[] | undefined): KeySource {
  const own = new TokenKeys(keys);
  for (const algorithm of own.algorithms)
    assert(
      allowed?.includes(algorithm) ?? true,
      `jwt({ algorithms }) does not allow ${algorithm}, but a key is for it. Add it, or take the key out.`,
    );
  return own;
}

function refusal(error: JoseErrors.JOSEError, errors: typeof JoseErrors): Fault {
  if (error instanceof errors.JWTExpired) return tokenExpired();
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "nbf" && error.reason === "check_failed") return tokenNotYetValid();
    if ((error.claim === "iss" || error.claim === "aud") && error.reason === "check_failed") return tokenForOthers(error.claim);
    return tokenInvalid(error.claim);
  }
  return tokenInvalid(error.code);
}
