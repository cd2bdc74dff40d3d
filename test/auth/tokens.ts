import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { jwt } from "../../src/auth/jwt.ts";
import { Fault } from "../../src/core/fault.ts";
import type { Authenticator } from "../../src/operation/actor.ts";
import { TestClock } from "../../src/testing/clock.ts";

// Tokens are made by hand here: what is tested must not be what made them.

export const secret = "a secret of the tests, 32 bytes and more";
export const otherSecret = "another secret of the tests, of 32 bytes";
export const ed = generateKeyPairSync("ed25519");
export const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
/** A key for each algorithm. */
export const keys = [
  { id: "hs", algorithm: "HS256", secret },
  { id: "ed", algorithm: "EdDSA", publicKey: ed.publicKey },
  { id: "es", algorithm: "ES256", publicKey: ec.publicKey },
] as const;
/** As a file of a public key holds it. */
export const pem = ({ publicKey }: { readonly publicKey: KeyObject }): string =>
  publicKey.export({ type: "spki", format: "pem" }) as string;
export const issuer = "https://id.test";
export const audience = "shop";

export const encode = (part: unknown): string => Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");

export type Signer = (input: string) => Buffer;
export const hs256 =
  (key: string | KeyObject = secret): Signer =>
  (input) =>
    createHmac("sha256", key).update(input).digest();
export const eddsa =
  (key: KeyObject = ed.privateKey): Signer =>
  (input) =>
    sign(null, Buffer.from(input), key);
export const es256 =
  (key: KeyObject = ec.privateKey): Signer =>
  (input) =>
    sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });

export interface Made {
  readonly header?: unknown;
  readonly claims?: unknown;
  readonly signer?: Signer;
}

/** A token that is right but for what the test says. *Shapes*: a part that is text is used as it is. */
export function makeToken({ header = { alg: "HS256", typ: "JWT" }, claims = claimsAt(), signer = hs256() }: Made = {}): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signer(input).toString("base64url")}`;
}

export const startMs = Date.UTC(2026, 0, 1);

/** The claims of a good token. A claim that is `undefined` is left out. */
export function claimsAt(other: Record<string, unknown> = {}, nowMs = startMs): Record<string, unknown> {
  const seconds = nowMs / 1_000;
  return { iss: issuer, aud: audience, sub: "ann", tid: "acme", roles: ["customer"], iat: seconds, exp: seconds + 3_600, ...other };
}

export function setUp(options: Partial<Parameters<typeof jwt>[0]> = {}): { clock: TestClock; authenticator: Authenticator } {
  const clock = new TestClock({ now: startMs });
  return { clock, authenticator: jwt({ keys: [{ algorithm: "HS256", secret }], issuer, audience, clock, ...options }) };
}

/** The fault that a token ends with, thrown or rejected; undefined where it is accepted. */
export async function refusalOf(authenticator: Authenticator, token: string): Promise<Fault | undefined> {
  try {
    await authenticator.authenticate(token);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
