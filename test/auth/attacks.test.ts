import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { limits } from "../../src/core/limits.ts";
import {
  claimsAt,
  ec,
  ed,
  eddsa,
  encode,
  es256,
  hs256,
  issuer,
  keys,
  makeToken,
  otherSecret,
  pem,
  refusalOf,
  setUp,
  startMs,
} from "./tokens.ts";

const now = startMs / 1_000;
const good = makeToken();
const [goodHeader, goodPayload, goodSignature] = good.split(".") as [string, string, string];
const unsigned = (alg: string) => `${encode({ alg })}.${goodPayload}.`;
const withClaims = (other: Record<string, unknown>) => makeToken({ claims: claimsAt(other) });
const withHeader = (header: unknown, signer = hs256()) => makeToken({ header, signer });
const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The same bytes in another spelling: the last character holds bits that no decoder reads. */
const respelt = (part: string): string => part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1)!) + 1];

/** Refused by an authenticator that has a key for each algorithm. */
const attacks: Record<string, [token: string, type: string]> = {
  // Time
  expired: [withClaims({ exp: now - 6 }), "token_expired"],
  "expired within the second": [withClaims({ exp: now - 5 }), "token_expired"],
  "expired by a fraction": [withClaims({ exp: now - 5.001 }), "token_expired"],
  "not valid yet": [withClaims({ nbf: now + 6 }), "token_not_yet_valid"],
  "issued in the future": [withClaims({ iat: now + 6 }), "token_not_yet_valid"],
  "without exp": [withClaims({ exp: undefined }), "token_invalid"],
  "with exp as text": [withClaims({ exp: `${now + 3_600}` }), "token_invalid"],
  "with exp null": [withClaims({ exp: null }), "token_invalid"],
  "with exp beyond numbers": [makeToken({ claims: JSON.stringify(claimsAt()).replace(/"exp":\d+/, '"exp":1e999') }), "token_invalid"],
  "with nbf as text": [withClaims({ nbf: "0" }), "token_invalid"],
  "with iat as text": [withClaims({ iat: "0" }), "token_invalid"],
  // For and by others
  "of another issuer": [withClaims({ iss: "https://evil.test" }), "token_invalid"],
  "of an issuer with a slash more": [withClaims({ iss: `${issuer}/` }), "token_invalid"],
  "of an issuer in a list": [withClaims({ iss: [issuer] }), "token_invalid"],
  "without issuer": [withClaims({ iss: undefined }), "token_invalid"],
  "for another audience": [withClaims({ aud: "bank" }), "token_invalid"],
  "for other audiences": [withClaims({ aud: ["bank", "shops"] }), "token_invalid"],
  "for an audience within a text": [withClaims({ aud: "workshop" }), "token_invalid"],
  "for an audience that is an object": [withClaims({ aud: { shop: true } }), "token_invalid"],
  "without audience": [withClaims({ aud: undefined }), "token_invalid"],
  // Forged
  "signed with another secret": [makeToken({ signer: hs256(otherSecret) }), "token_invalid"],
  "signed with another key": [withHeader({ alg: "ES256" }, es256(stranger.privateKey)), "token_invalid"],
  "signed with nothing": [makeToken({ signer: () => Buffer.alloc(32) }), "token_invalid"],
  "with half a signature": [makeToken({ signer: (input) => hs256()(input).subarray(0, 16) }), "token_invalid"],
  "with one byte of signature": [makeToken({ signer: (input) => hs256()(input).subarray(0, 1) }), "token_invalid"],
  "with a signature of another token": [`${goodHeader}.${encode(claimsAt({ sub: "root" }))}.${goodSignature}`, "token_invalid"],
  "with an ECDSA signature of zeros (CVE-2022-21449)": [withHeader({ alg: "ES256" }, () => Buffer.alloc(64)), "token_invalid"],
  "with an ECDSA signature in DER": [
    withHeader({ alg: "ES256" }, (input) => sign("sha256", Buffer.from(input), ec.privateKey)),
    "token_invalid",
  ],
  "with an EdDSA signature of zeros": [withHeader({ alg: "EdDSA" }, () => Buffer.alloc(64)), "token_invalid"],
  // Algorithms
  "alg none, unsigned": [unsigned("none"), "token_invalid"],
  "alg None": [unsigned("None"), "token_invalid"],
  "alg none, signed": [withHeader({ alg: "none" }), "token_invalid"],
  "alg none with a signature of one byte": [`${encode({ alg: "none" })}.${goodPayload}.AA`, "token_invalid"],
  "alg missing": [withHeader({ typ: "JWT" }), "token_invalid"],
  "alg null": [withHeader({ alg: null }), "token_invalid"],
  "alg in a list": [withHeader({ alg: ["HS256"] }), "token_invalid"],
  "alg in lower case": [withHeader({ alg: "hs256" }), "token_invalid"],
  "alg HS512": [withHeader({ alg: "HS512" }), "token_invalid"],
  "alg RS256": [withHeader({ alg: "RS256" }), "token_invalid"],
  "alg PS256": [withHeader({ alg: "PS256" }), "token_invalid"],
  "alg ES384": [withHeader({ alg: "ES384" }, es256()), "token_invalid"],
  "alg Ed25519": [withHeader({ alg: "Ed25519" }, eddsa()), "token_invalid"],
  "alg toString": [withHeader({ alg: "toString" }), "token_invalid"],
  "HS256 with the P-256 public key as secret": [withHeader({ alg: "HS256" }, hs256(pem(ec))), "token_invalid"],
  "HS256 with the P-256 public key as secret and its kid": [withHeader({ alg: "HS256", kid: "es" }, hs256(pem(ec))), "token_invalid"],
  "HS256 with the Ed25519 public key as secret and its kid": [withHeader({ alg: "HS256", kid: "ed" }, hs256(pem(ed))), "token_invalid"],
  "ES256 signed by the Ed25519 key": [withHeader({ alg: "ES256" }, eddsa()), "token_invalid"],
  // Headers
  "an unknown kid": [withHeader({ alg: "HS256", kid: "unknown" }), "token_invalid"],
  "a kid of another algorithm": [withHeader({ alg: "HS256", kid: "ed" }), "token_invalid"],
  "a kid that is a path": [withHeader({ alg: "HS256", kid: "../../../../dev/null" }, hs256("")), "token_invalid"],
  "a kid that is SQL": [withHeader({ alg: "HS256", kid: "' or 1=1 --" }), "token_invalid"],
  "a kid that is inherited": [withHeader({ alg: "HS256", kid: "__proto__" }), "token_invalid"],
  "a kid that is null": [withHeader({ alg: "HS256", kid: null }), "token_invalid"],
  "a kid that is empty": [withHeader({ alg: "HS256", kid: "" }), "token_invalid"],
  "a kid in a list": [withHeader({ alg: "HS256", kid: ["hs"] }), "token_invalid"],
  "a key in the header": [
    withHeader({ alg: "ES256", jwk: stranger.publicKey.export({ format: "jwk" }) }, es256(stranger.privateKey)),
    "token_invalid",
  ],
  "an address of keys in the header": [
    withHeader({ alg: "ES256", jku: "http://127.0.0.1:1/keys" }, es256(stranger.privateKey)),
    "token_invalid",
  ],
  "a critical extension": [withHeader({ alg: "HS256", crit: ["b64"], b64: false }), "token_invalid"],
  "a critical extension that changes nothing": [withHeader({ alg: "HS256", crit: ["b64"], b64: true }), "token_invalid"],
  "a critical extension that is empty": [withHeader({ alg: "HS256", crit: [] }), "token_invalid"],
  "a header that is a list": [withHeader([]), "token_invalid"],
  "a header that is a text": [withHeader('"HS256"'), "token_invalid"],
  "a header that is null": [withHeader("null"), "token_invalid"],
  "a header that is no JSON": [withHeader("{alg:HS256}"), "token_invalid"],
  "a header with a BOM": [withHeader('\ufeff{"alg":"HS256"}'), "token_invalid"],
  "a header with __proto__": [withHeader('{"alg":"HS256","__proto__":{"kid":"hs"}}'), "token_invalid"],
  // JSON
  "alg twice": [withHeader('{"alg":"none","alg":"HS256"}'), "token_invalid"],
  "sub twice": [makeToken({ claims: JSON.stringify(claimsAt()).replace("{", '{"sub":"root",') }), "token_invalid"],
  "sub twice, once escaped": [makeToken({ claims: JSON.stringify(claimsAt()).replace("{", '{"s\\u0075b":"root",') }), "token_invalid"],
  "a name twice inside": [
    makeToken({ claims: JSON.stringify(claimsAt()).replace("{", '{"deep":[{"a":{"b:\\"":1},"a":2}],') }),
    "token_invalid",
  ],
  "a payload that is a list": [makeToken({ claims: [claimsAt()] }), "token_invalid"],
  "a payload that is null": [makeToken({ claims: "null" }), "token_invalid"],
  "a payload that is no JSON": [makeToken({ claims: "hello" }), "token_invalid"],
  "a payload nested too deep": [withClaims({ deep: JSON.parse(`${"[".repeat(40)}${"]".repeat(40)}`) }), "token_invalid"],
  "a payload with __proto__": [
    makeToken({ claims: JSON.stringify(claimsAt()).replace("{", '{"__proto__":{"roles":["admin"]},') }),
    "token_invalid",
  ],
  // Names
  "without sub": [withClaims({ sub: undefined }), "token_invalid"],
  "an empty sub": [withClaims({ sub: "" }), "token_invalid"],
  "a sub that is a number": [withClaims({ sub: 1 }), "token_invalid"],
  "a sub with half a character": [makeToken({ claims: JSON.stringify(claimsAt()).replace('"ann"', '"\\ud800"') }), "token_invalid"],
  "a sub with a NUL": [withClaims({ sub: "ann\0" }), "token_invalid"],
  "a sub with a line break": [withClaims({ sub: "ann\nroot" }), "token_invalid"],
  "a sub that is too long": [withClaims({ sub: "a".repeat(256) }), "token_invalid"],
  "a tenant in a list": [withClaims({ tid: ["acme"] }), "token_invalid"],
  "a tenant that is null": [withClaims({ tid: null }), "token_invalid"],
  "roles in one text": [withClaims({ roles: "admin customer" }), "token_invalid"],
  "a role that is no text": [withClaims({ roles: ["customer", 1] }), "token_invalid"],
  // Spelling
  empty: ["", "token_invalid"],
  "one part": [goodHeader, "token_invalid"],
  "two parts": [`${goodHeader}.${goodPayload}`, "token_invalid"],
  "four parts": [`${good}.AA`, "token_invalid"],
  "five parts": [`${goodHeader}..AA.AA.AA`, "token_invalid"],
  "no signature": [`${goodHeader}.${goodPayload}.`, "token_invalid"],
  "a space before": [` ${good}`, "token_invalid"],
  "a space after": [`${good} `, "token_invalid"],
  "a line break after": [`${good}\n`, "token_invalid"],
  "a line break inside": [`${goodHeader}.${goodPayload}.\n${goodSignature}`, "token_invalid"],
  padding: [`${good}=`, "token_invalid"],
  "bits that are not read": [`${goodHeader}.${goodPayload}.${respelt(goodSignature)}`, "token_invalid"],
  "one character too many": [`${good}AA`, "token_invalid"],
  "plain base64": [`${goodHeader}.${goodPayload}.${"+/".repeat(20)}`, "token_invalid"],
  "letters of other scripts": [`${goodHeader}.${goodPayload}.${goodSignature.slice(0, -1)}А`, "token_invalid"],
  "invisible letters": [`${good}\u200b`, "token_invalid"],
  "a whole Authorization header": [`Bearer ${good}`, "token_invalid"],
  "a header that is no UTF-8": [
    (() => {
      const header = Buffer.from('{"alg":"HS256","typ":"\xff"}', "latin1").toString("base64url");
      return `${header}.${goodPayload}.${hs256()(`${header}.${goodPayload}`).toString("base64url")}`;
    })(),
    "token_invalid",
  ],
  "a payload that is no UTF-8": [
    (() => {
      const payload = Buffer.concat([Buffer.from(JSON.stringify(claimsAt()).slice(0, -1)), Buffer.from(',"a":"\xff"}', "latin1")]).toString(
        "base64url",
      );
      return `${goodHeader}.${payload}.${hs256()(`${goodHeader}.${payload}`).toString("base64url")}`;
    })(),
    "token_invalid",
  ],
  huge: [withClaims({ filler: "a".repeat(limits.tokenChars) }), "token_too_long"],
  "huge and not a token": ["A".repeat(1_000_000), "token_too_long"],
};

describe("attacks on jwt", () => {
  for (const [what, [token, type]] of Object.entries(attacks)) {
    it(`refuses a token: ${what}`, async () => {
      const { authenticator } = setUp({ keys });
      // A right token that is remembered must not help a wrong one that looks like it.
      await authenticator.authenticate(good);
      const fault = await refusalOf(authenticator, token);
      assert.deepEqual([fault?.code, fault?.type], ["unauthenticated", type]);
      assert.match(fault!.message, /(Sign in again|Send it|Ask for one)/, "says what to do");
      assert.ok(!/jose|secret|HS256|signature|kid/i.test(fault!.message), "and nothing of how it is done");
      assert.equal(authenticator.remembered(token), undefined);
    });
  }

  for (const [what, token] of [
    ["is within the tolerance of exp", withClaims({ exp: now - 4 })],
    ["is within the tolerance of nbf", withClaims({ nbf: now + 5 })],
    ["is within the tolerance of iat", withClaims({ iat: now + 5 })],
    ["is for several audiences, ours among them", withClaims({ aud: ["bank", "shop"] })],
    ["names users, tenants and roles in any script", withClaims({ sub: "安娜 😀", tid: "Zürich", roles: ["käufer"] })],
    ["has no kid, and one key fits", withHeader({ alg: "EdDSA" }, eddsa())],
    ["holds colons, quotes and braces in its texts", withClaims({ note: 'a:"b\\":{c:[d]}"', "na:me": { "e:": ["f:g"] } })],
    ["is as long as allowed", withClaims({ filler: "a".repeat(5_700) })],
  ] as const) {
    it(`accepts a token that ${what}`, async () => {
      const { authenticator } = setUp({ keys });
      assert.equal(await refusalOf(authenticator, token), undefined);
    });
  }

  it("refuses each token that differs from a right one in a character, and never with anything but its own fault", async () => {
    const tokens = [good, withHeader({ alg: "EdDSA" }, eddsa()), withHeader({ alg: "ES256" }, es256())];
    const { authenticator } = setUp({ keys });
    for (const token of tokens) await authenticator.authenticate(token);
    const property = fc.asyncProperty(
      fc.constantFrom(...tokens),
      fc.nat(),
      fc.constantFrom(...alphabet, "=", ".", " ", "+", "é"),
      async (token, at, char) => {
        const index = at % token.length;
        const mutant = token.slice(0, index) + char + token.slice(index + 1);
        fc.pre(mutant !== token);
        assert.equal((await refusalOf(authenticator, mutant))?.code, "unauthenticated");
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it("has no more than one spelling of each token, even of what a decoder takes for the same", async () => {
    const { authenticator } = setUp({ keys });
    await authenticator.authenticate(good);
    let spellings = 0;
    for (const char of alphabet) {
      const token = good.slice(0, -1) + char;
      const same = Buffer.from(token.split(".")[2]!, "base64url").equals(Buffer.from(goodSignature, "base64url"));
      if (same && (await refusalOf(authenticator, token)) === undefined) spellings++;
    }
    assert.equal(spellings, 1);
  });

  it("keeps nothing for a token that is in another spelling, however many come (as before)", async () => {
    const { authenticator } = setUp({ keys });
    const token = (n: number) => makeToken({ claims: claimsAt({ sub: `user-${n}` }) });
    const faults = Array.from({ length: limits.verifyingTokens }, (_, n) => refusalOf(authenticator, `${token(n)}=`));
    // One that is right is verified beside them: none of them has its place.
    assert.equal(await refusalOf(authenticator, token(limits.verifyingTokens)), undefined);
    for (const fault of faults) assert.equal((await fault)?.type, "token_invalid");
  });

  it("counts fractions of a second", async () => {
    const { authenticator, clock } = setUp({ clockToleranceSeconds: 0 });
    const token = withClaims({ exp: now + 0.5 });
    clock.advance(499);
    assert.equal(await refusalOf(authenticator, token), undefined);
    clock.advance(1);
    assert.equal((await refusalOf(authenticator, token))?.type, "token_expired");
    assert.equal((await refusalOf(authenticator, withClaims({ exp: now + 0.4 })))?.type, "token_expired");
  });

  it("keeps what the caller sees free of the token, and the cause free of the claims", async () => {
    const { authenticator } = setUp({ keys });
    const fault = await refusalOf(authenticator, withClaims({ iss: "https://evil.test", email: "ann@shop.test" }));
    assert.ok(!JSON.stringify({ message: fault?.message, details: fault?.details, cause: fault?.cause }).includes("evil"));
    assert.equal(typeof fault?.cause, "string");
  });
});
