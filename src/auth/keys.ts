import assert from "node:assert";
import { createPublicKey, createSecretKey, type JsonWebKey, KeyObject, type webcrypto } from "node:crypto";
import { requireKey, secretWeakness } from "../core/config/secret.ts";

/** The algorithms that a token may be signed with. */
export type TokenAlgorithm = "HS256" | PublicAlgorithm;

/** The algorithms whose public key verifies. */
export type PublicAlgorithm = "EdDSA" | "ES256" | "RS256" | "PS256";

/** A public key: PEM, JWK or a `KeyObject`. */
export type PublicKeyInput = string | JsonWebKey | KeyObject;

/**
 * Is a key that verifies tokens, with its own algorithm only.
 * *Shapes*: a `secret` that is a text is used as its bytes in UTF-8, and not decoded. A JWK must be declared for signatures (`use`, `key_ops`, `alg`).
 * *Default* of `id`: the `kid` of a JWK.
 */
export type TokenKey =
  | { readonly id?: string | undefined; readonly algorithm: "HS256"; readonly secret: string | Uint8Array | KeyObject }
  | { readonly id?: string | undefined; readonly algorithm: PublicAlgorithm; readonly publicKey: PublicKeyInput };

/** A key that is ready for use. */
export interface VerifyingKey {
  readonly id: string | undefined;
  readonly algorithm: TokenAlgorithm;
  readonly key: webcrypto.CryptoKey;
}

const secretBytes = 32;
/** *Source*: RFC 7518, sections 3.3 and 3.5. */
const rsaBits = 2_048;

/** All of them. */
export const publicAlgorithms: readonly PublicAlgorithm[] = ["EdDSA", "ES256", "RS256", "PS256"];

const isRsa = (key: KeyObject) => key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= rsaBits;

/** What each algorithm's keys are. */
export const keyKinds = {
  HS256: { crypto: { name: "HMAC", hash: "SHA-256" }, fits: (key: KeyObject) => key.type === "secret", description: "a secret" },
  EdDSA: { crypto: { name: "Ed25519" }, fits: (key: KeyObject) => key.asymmetricKeyType === "ed25519", description: "an Ed25519 key" },
  ES256: {
    crypto: { name: "ECDSA", namedCurve: "P-256" },
    fits: (key: KeyObject) => key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1",
    description: "a P-256 key",
  },
  RS256: { crypto: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, fits: isRsa, description: `an RSA key of at least ${rsaBits} bits` },
  PS256: { crypto: { name: "RSA-PSS", hash: "SHA-256" }, fits: isRsa, description: `an RSA key of at least ${rsaBits} bits` },
} as const;

/**
 * Makes a signing secret out of text or bytes.
 * Refuses one of fewer than 32 bytes, a PEM (with whose public half every caller could sign), and one that was clearly not drawn at random.
 * *Faults thrown*: `key_unusable`.
 */
export function secretKey(secret: string | Uint8Array | KeyObject, what: string): KeyObject {
  if (typeof secret === "string")
    requireKey(!secret.includes("-----BEGIN"), `${what} is a PEM, not a secret. Make a secret with: openssl rand -base64 48`);
  const key = secret instanceof KeyObject ? secret : createSecretKey(Buffer.from(secret as string));
  requireKey(key.type === "secret", `${what} is a ${key.type} key. Give HS256 a secret, or name the key's own algorithm.`);
  const size = key.symmetricKeySize ?? 0;
  requireKey(
    size >= secretBytes,
    `${what} has ${size} bytes; HS256 needs at least ${secretBytes}. Make a secret with: openssl rand -base64 48`,
  );
  const weakness = secretWeakness(key.export());
  requireKey(weakness === undefined, `${what} ${weakness}, so it can be guessed. Make a secret with: openssl rand -base64 48`);
  return key;
}

/** Where an authenticator has its keys from. */
export interface KeySource {
  /** Chooses the key for a token by its header, at once or after a fetch; undefined where there is none. *Faults thrown*: `unavailable`. */
  choose(header: Readonly<Record<string, unknown>>): VerifyingKey | undefined | Promise<VerifyingKey | undefined>;
}

/** Chooses by the header's `kid`, else the only key for its `alg`; a key is never used with another algorithm than its own. */
export function chooseKey(keys: readonly VerifyingKey[], { kid, alg }: Readonly<Record<string, unknown>>): VerifyingKey | undefined {
  const fitting = keys.filter((key) => key.algorithm === alg && (kid === undefined || key.id === kid));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** The keys of one authenticator. Asserts that each fits its algorithm and that a token can choose among them. */
export class TokenKeys implements KeySource {
  readonly #keys: readonly VerifyingKey[];

  constructor(keys: readonly TokenKey[]) {
    assert(keys.length > 0, "jwt({ keys }) needs at least one key. Without keys, leave authentication out.");
    this.#keys = keys.map((key, index) =>
      verifyingKey(key, `jwt({ keys }): key ${index + 1}${key.id === undefined ? "" : ` (${key.id})`}`),
    );
    const ids = this.#keys.map(({ id }) => id).filter((id) => id !== undefined);
    assert(new Set(ids).size === ids.length, "jwt({ keys }) has two keys with one id. Give each key an id of its own.");
    for (const { id, algorithm } of this.#keys) {
      const alike = this.#keys.filter((other) => other.algorithm === algorithm);
      assert(
        id !== undefined || alike.length === 1,
        `jwt({ keys }) has ${alike.length} keys for ${algorithm}. Give each an id: tokens choose by "kid".`,
      );
    }
  }

  get algorithms(): readonly TokenAlgorithm[] {
    return [...new Set(this.#keys.map(({ algorithm }) => algorithm))];
  }

  choose(header: Readonly<Record<string, unknown>>): VerifyingKey | undefined {
    return chooseKey(this.#keys, header);
  }
}

/** What a JWK says of itself. */
interface JwkFacts {
  readonly use?: unknown;
  readonly key_ops?: unknown;
  readonly alg?: unknown;
  readonly kid?: unknown;
}

/** Other names by which a JWK may call the algorithm. *Source*: RFC 9864. */
const alsoCalled: Readonly<Record<string, string>> = { EdDSA: "Ed25519" };

/**
 * Reads the id of a key given as JWK; undefined for any other. Requires that the JWK allows what it is given for: a key made to encrypt, or for
 * another algorithm, proves nothing about who signed.
 * *Faults thrown*: `key_unusable`. *Source*: RFC 7517, sections 4.2 to 4.5.
 */
export function jwkId(input: unknown, asked: { readonly algorithm: string; readonly operation: "sign" | "verify"; readonly what: string }) {
  if (typeof input !== "object" || input === null || input instanceof KeyObject) return undefined;
  const { use, key_ops: operations, alg, kid } = input as JwkFacts;
  const { algorithm, operation, what } = asked;
  requireKey(use === undefined || use === "sig", `${what} is a JWK whose use is ${JSON.stringify(use)}. Give the one whose use is "sig".`);
  requireKey(
    operations === undefined || (Array.isArray(operations) && operations.includes(operation)),
    `${what} is a JWK whose key_ops are ${JSON.stringify(operations)}. Give one whose key_ops have "${operation}".`,
  );
  requireKey(
    alg === undefined || alg === algorithm || alg === alsoCalled[algorithm],
    `${what} is a JWK for ${JSON.stringify(alg)}, but is used for ${algorithm}. Name the key's own algorithm, or give the right key.`,
  );
  requireKey(
    kid === undefined || (typeof kid === "string" && kid !== ""),
    `${what} is a JWK whose kid is not a text. Leave the kid out, or make it a text.`,
  );
  return kid as string | undefined;
}

/** Makes a key ready for use. `what`: how messages call it. *Faults thrown*: `key_unusable`. */
export function verifyingKey(key: TokenKey, what: string): VerifyingKey {
  const { algorithm } = key;
  const jwk = key.algorithm === "HS256" ? undefined : jwkId(key.publicKey, { algorithm, operation: "verify", what });
  const id = key.id ?? jwk;
  assert(id === undefined || (typeof id === "string" && id !== ""), `${what}: an id is a text. Leave it out where there is one key.`);
  requireKey(Object.hasOwn(keyKinds, algorithm), `${what}: the algorithm is "${algorithm}". Use HS256, EdDSA, ES256, RS256 or PS256.`);
  const kind = keyKinds[algorithm];
  const object = key.algorithm === "HS256" ? secretKey(key.secret, what) : publicKey(key.publicKey, what);
  requireKey(
    kind.fits(object),
    `${what} does not fit: ${algorithm} needs ${kind.description}. Name the key's own algorithm, or give the right key.`,
  );
  return { id, algorithm, key: object.toCryptoKey(kind.crypto, false, ["verify"]) };
}

function publicKey(input: PublicKeyInput, what: string): KeyObject {
  const refusal = `${what} is not a public key. Give its public half as PEM (-----BEGIN PUBLIC KEY-----), JWK or KeyObject.`;
  requireKey(typeof input === "string" || (typeof input === "object" && input !== null), refusal);
  if (input instanceof KeyObject) {
    requireKey(input.type === "public", refusal);
    return input;
  }
  // Node would take the public half out of a private key; but who verifies should not hold what signs.
  requireKey(typeof input === "string" ? !input.includes("PRIVATE KEY") : input.d === undefined, refusal);
  try {
    return typeof input === "string" ? createPublicKey(input) : createPublicKey({ key: input, format: "jwk" });
  } catch {
    requireKey(false, refusal);
  }
}
