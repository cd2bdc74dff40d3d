import assert from "node:assert";
import { createPrivateKey, type JsonWebKey, KeyObject, type webcrypto } from "node:crypto";
import { type Clock, systemClock } from "../core/clock.ts";
import { requireKey } from "../core/config/secret.ts";
import { type Duration, toMs } from "../core/duration.ts";
import { isName } from "./claims.ts";
import { jwkId, keyKinds, secretKey } from "./keys.ts";

/** A key that signs tokens. Give it an id if you rotate keys: the id becomes the token's `kid`. *Default* of `id`: the `kid` of a JWK. */
export type SigningKey =
  | { readonly id?: string | undefined; readonly algorithm: "HS256"; readonly secret: string | Uint8Array | KeyObject }
  | {
      readonly id?: string | undefined;
      readonly algorithm: "EdDSA" | "ES256";
      readonly privateKey: string | JsonWebKey | KeyObject;
    };

/** Options of {@link jwtIssuer}. */
export interface JwtIssuerOptions {
  readonly key: SigningKey;
  readonly issuer: string;
  readonly audience: string;
  /** How long a token is valid. *Bounds*: a second to a day. */
  readonly ttl: Duration;
  /** *Default*: `tid`. */
  readonly tenantClaim?: string;
  /** *Default*: `roles`. */
  readonly rolesClaim?: string;
  readonly clock?: Clock;
}

/** The user of a token, with the tenant, the roles and further claims. */
export interface TokenSubject {
  readonly subject: string;
  readonly tenant?: string | undefined;
  readonly roles?: readonly string[];
}

/** A signed token. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Signs the tokens of an app's own sessions. */
export interface JwtIssuer {
  sign(subject: TokenSubject): Promise<IssuedToken>;
}

/**
 * Makes an issuer of tokens. {@link jwt} accepts them if both have the same key, issuer and audience.
 * *Guarantees*: each token has `iat`, `exp` and a `jti` of its own.
 * @example
 * const sessions = jwtIssuer({ key: { algorithm: "HS256", secret: settings.tokenSecret }, issuer: "shop", audience: "shop", ttl: "1h" });
 * const { token, expiresAt } = await sessions.sign({ subject: user.id, tenant: user.tenantId, roles: user.roles });
 */
export function jwtIssuer(options: JwtIssuerOptions): JwtIssuer {
  const { key, issuer, audience, tenantClaim = "tid", rolesClaim = "roles", clock = systemClock } = options;
  assert(
    issuer !== "" && audience !== "",
    "jwtIssuer needs an issuer and an audience. Write the same texts as in jwt({ issuer, audience }).",
  );
  const ttlSeconds = Math.floor(toMs(options.ttl) / 1_000);
  assert(
    ttlSeconds >= 1 && ttlSeconds <= 86_400,
    `jwtIssuer({ ttl }) is ${ttlSeconds} s. Write "1s" to "1d": a token cannot be taken back before it expires.`,
  );
  const { signer, id } = signingKey(key);
  const header = { alg: key.algorithm, typ: "JWT", ...(id === undefined ? {} : { kid: id }) };
  return {
    async sign({ subject, tenant, roles = [] }) {
      assert(isName(subject), "A token's subject is a text of 1 to 255 printable characters. Give the user's id.");
      assert(
        tenant === undefined || isName(tenant),
        "A token's tenant is a text of 1 to 255 printable characters. Leave it out where there is none.",
      );
      assert(roles.every(isName), "A token's roles are texts of 1 to 255 printable characters.");
      const issuedAt = Math.floor(clock.now() / 1_000);
      const expiresAt = issuedAt + ttlSeconds;
      const claims = { [rolesClaim]: [...roles], ...(tenant === undefined ? {} : { [tenantClaim]: tenant }) };
      // Loaded when first used: a start does not wait for it.
      const { SignJWT } = await import("jose");
      const token = await new SignJWT(claims)
        .setProtectedHeader(header)
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setJti(clock.uuid())
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(signer);
      return { token, expiresAt: new Date(expiresAt * 1_000) };
    },
  };
}

function signingKey(key: SigningKey): { readonly signer: webcrypto.CryptoKey; readonly id: string | undefined } {
  requireKey(Object.hasOwn(keyKinds, key.algorithm), `jwtIssuer({ key }): the algorithm is "${key.algorithm}". Use HS256, EdDSA or ES256.`);
  const what = "jwtIssuer({ key })";
  const kind = keyKinds[key.algorithm];
  const object = key.algorithm === "HS256" ? secretKey(key.secret, what) : privateKey(key.privateKey, what);
  requireKey(
    kind.fits(object),
    `${what} does not fit: ${key.algorithm} needs ${kind.description}. Name the key's own algorithm, or give the right key.`,
  );
  const asked = { algorithm: key.algorithm, operation: "sign", what } as const;
  const id = key.id ?? (key.algorithm === "HS256" ? undefined : jwkId(key.privateKey, asked));
  return { signer: object.toCryptoKey(kind.crypto, false, ["sign"]), id };
}

function privateKey(input: string | JsonWebKey | KeyObject, what: string): KeyObject {
  const refusal = `${what} is not a private key. Give it as PEM (-----BEGIN PRIVATE KEY-----), JWK or KeyObject.`;
  if (input instanceof KeyObject) {
    requireKey(input.type === "private", refusal);
    return input;
  }
  try {
    return typeof input === "string" ? createPrivateKey(input) : createPrivateKey({ key: input, format: "jwk" });
  } catch {
    requireKey(false, refusal);
  }
}
