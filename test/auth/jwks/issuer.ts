import { generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from "node:crypto";
import { type JwksOptions, jwks } from "../../../src/auth/jwks/jwks.ts";
import { type JwtOptions, jwt } from "../../../src/auth/jwt.ts";
import type { Fault } from "../../../src/core/fault.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { audience, claimsAt, ec, ed, eddsa, es256, issuer, makeToken, refusalOf, type Signer, startMs } from "../tokens.ts";

export const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const weakRsa = generateKeyPairSync("rsa", { modulusLength: 1024 });

export const rs256 =
  (key: KeyObject = rsa.privateKey): Signer =>
  (input) =>
    sign("sha256", Buffer.from(input), key);
export const ps256 =
  (key: KeyObject = rsa.privateKey): Signer =>
  (input) =>
    sign("sha256", Buffer.from(input), { key, padding: 6, saltLength: 32 });

/** A public key as a member of a key set. */
export function member({ publicKey }: { readonly publicKey: KeyObject }, facts: Readonly<Record<string, unknown>> = {}): JsonWebKey {
  return { ...publicKey.export({ format: "jwk" }), ...facts } as JsonWebKey;
}

/** One signer for each algorithm. */
export const signers = { EdDSA: eddsa(), ES256: es256(), RS256: rs256(), PS256: ps256() } as const;
export const pairs = { EdDSA: ed, ES256: ec, RS256: rsa, PS256: rsa } as const;

type Algorithm = keyof typeof signers;
type Reply = () => Response | Promise<Response>;

/** An issuer of which a test says what it replies, and that counts what it is asked. */
export class FakeIssuer {
  readonly asked: string[] = [];
  readonly replies = new Map<string, Reply>();

  constructor(keys: readonly JsonWebKey[] = [], keysUrl = "https://keys.test/set") {
    this.discovers({ issuer, jwks_uri: keysUrl });
    this.replies.set(keysUrl, () => Response.json({ keys }));
    this.keysUrl = keysUrl;
  }

  readonly keysUrl: string;

  discovers(document: unknown): void {
    this.replies.set(`${issuer}/.well-known/openid-configuration`, () => Response.json(document));
  }

  publishes(...keys: readonly JsonWebKey[]): void {
    this.replies.set(this.keysUrl, () => Response.json({ keys }));
  }

  does(reply: Reply): void {
    this.replies.set(this.keysUrl, reply);
  }

  get fetches(): number {
    return this.asked.filter((url) => url === this.keysUrl).length;
  }

  readonly fetch = async (url: string): Promise<Response> => {
    this.asked.push(url);
    const reply = this.replies.get(url);
    if (reply === undefined) throw new TypeError("fetch failed");
    return reply();
  };
}

/** An authenticator with the keys of an issuer. */
export function withKeysOf(fake: FakeIssuer, options: JwksOptions = {}, jwtOptions: Partial<JwtOptions> = {}) {
  const clock = new TestClock({ now: startMs });
  const keys = jwks({ url: fake.keysUrl, fetch: fake.fetch, ...options });
  const authenticator = jwt({ keys, issuer, audience, clock, ...jwtOptions });
  let number = 0;
  /** Asks with a token that was never seen before. Undefined where it is accepted. */
  const ask = (header: Readonly<Record<string, unknown>>, signer: Signer = signers[header.alg as Algorithm]): Promise<Fault | undefined> =>
    refusalOf(authenticator, makeToken({ header, signer, claims: claimsAt({ jti: `${number++}` }, clock.now()) }));
  return { clock, authenticator, ask };
}
