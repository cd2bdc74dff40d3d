// Keys and secrets that prove nothing are refused at start.
import assert from "node:assert/strict";
import { createSecretKey, type JsonWebKey, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { jwt } from "../../src/auth/jwt.ts";
import { jwtIssuer } from "../../src/auth/jwt-issuer.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Fault } from "../../src/core/fault.ts";
import { cursors } from "../../src/pipeline/cursor.ts";
import { audience, ec, ed, eddsa, issuer, makeToken, refusalOf, secret, setUp } from "./tokens.ts";

const publicJwk = (more: object) => ({ ...ed.publicKey.export({ format: "jwk" }), ...more });
const privateJwk = (more: object) => ({ ...ed.privateKey.export({ format: "jwk" }), ...more });
const verifier = (publicKey: JsonWebKey, algorithm: "EdDSA" | "ES256" = "EdDSA") =>
  setUp({ keys: [{ algorithm, publicKey }] }).authenticator;
const signer = (privateKey: JsonWebKey) => jwtIssuer({ key: { algorithm: "EdDSA", privateKey }, issuer, audience, ttl: "1h" });

describe("a JWK", () => {
  const unfit = [
    { what: "made to encrypt", more: { use: "enc" }, message: /whose use is "enc"/ },
    { what: "whose use is no text", more: { use: 1 }, message: /whose use is 1/ },
    { what: "whose operations do not have it", more: { key_ops: ["encrypt", "wrapKey"] }, message: /whose key_ops are/ },
    { what: "without any operation", more: { key_ops: [] }, message: /whose key_ops are/ },
    { what: "whose operations are no list", more: { key_ops: "verify sign" }, message: /whose key_ops are/ },
    { what: "for another algorithm", more: { alg: "ES256" }, message: /for "ES256", but is used for EdDSA/ },
    { what: "whose kid is no text", more: { kid: 7 }, message: /whose kid is not a text/ },
  ];
  for (const { what, more, message } of unfit) {
    it(`${what} verifies nothing`, () => assert.throws(() => verifier(publicJwk(more)), { type: "key_unusable", message }));
    it(`${what} signs nothing`, () => assert.throws(() => signer(privateJwk(more)), { type: "key_unusable", message }));
  }

  it("that may only sign verifies nothing, and one that may only verify signs nothing", () => {
    assert.throws(() => verifier(publicJwk({ key_ops: ["sign"] })), { message: /have "verify"/ });
    assert.throws(() => signer(privateJwk({ key_ops: ["verify"] })), { message: /have "sign"/ });
  });

  it("on the same curve that is for agreeing on keys verifies nothing", () =>
    assert.throws(() => verifier({ ...ec.publicKey.export({ format: "jwk" }), alg: "ECDH-ES" }, "ES256"), { message: /for "ECDH-ES"/ }));

  for (const more of [
    { use: "sig" },
    { key_ops: ["verify"] },
    { use: "sig", key_ops: ["sign", "verify"], alg: "EdDSA" },
    { alg: "Ed25519" },
  ])
    it(`verifies as ${JSON.stringify(more)} (as before)`, async () => {
      const token = makeToken({ header: { alg: "EdDSA" }, signer: eddsa() });
      assert.equal(await refusalOf(verifier(publicJwk(more)), token), undefined);
    });

  it("is chosen by its own kid", async () => {
    const authenticator = setUp({
      keys: [
        { algorithm: "EdDSA", publicKey: publicJwk({ kid: "2026-11" }) },
        { id: "hs", algorithm: "HS256", secret },
      ],
    }).authenticator;
    const refusal = (kid: string) => refusalOf(authenticator, makeToken({ header: { alg: "EdDSA", kid }, signer: eddsa() }));
    assert.equal(await refusal("2026-11"), undefined);
    assert.equal((await refusal("2026-12"))?.type, "token_invalid");
  });

  it("names its tokens by its own kid, and several are distinguished by it", async () => {
    const { token } = await signer(privateJwk({ kid: "2026-11" })).sign({ subject: "ann" });
    assert.equal(JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()).kid, "2026-11");
    assert.doesNotThrow(() => setUp({ keys: ["a", "b"].map((kid) => ({ algorithm: "EdDSA" as const, publicKey: publicJwk({ kid }) })) }));
  });

  it("gives way to an id that is written beside it (as before)", async () => {
    const { authenticator } = setUp({ keys: [{ id: "mine", algorithm: "EdDSA", publicKey: publicJwk({ kid: "theirs" }) }] });
    assert.equal(await refusalOf(authenticator, makeToken({ header: { alg: "EdDSA", kid: "mine" }, signer: eddsa() })), undefined);
  });
});

describe("a secret", () => {
  const ways = [
    ["jwt", (key: string | Uint8Array) => jwt({ keys: [{ algorithm: "HS256", secret: key }], issuer, audience })],
    [
      "jwt, as a KeyObject",
      (key: string | Uint8Array) =>
        jwt({ keys: [{ algorithm: "HS256", secret: createSecretKey(Buffer.from(key as string)) }], issuer, audience }),
    ],
    ["jwtIssuer", (key: string | Uint8Array) => jwtIssuer({ key: { algorithm: "HS256", secret: key }, issuer, audience, ttl: "1h" })],
    ["cursors", (key: string | Uint8Array) => cursors({ key, ttlMs: 1, clock: systemClock })],
  ] as const;
  const weak: readonly (readonly [string, string | Uint8Array])[] = [
    ["one letter over and over", "a".repeat(48)],
    ["zeros", new Uint8Array(32)],
    ["a word over and over", "changeme".repeat(5)],
    ["a phrase twice, and cut", "a phrase of twenty-two a phrase of twenty-two a phr"],
    ["two letters in any order", "abbababbaabbabaabbbabaabababbabaab"],
    ["zeros but for the last", `${"0".repeat(40)}1`],
    ["letters and digits in order", "abcdefghijklmnopqrstuvwxyz0123456789"],
    ["bytes in order", Uint8Array.from({ length: 32 }, (_, at) => at)],
    ["bytes in order, downwards", Uint8Array.from({ length: 64 }, (_, at) => 255 - 3 * at)],
    ["an example out of a document", "a-string-secret-at-least-256-bits-long"],
  ];
  for (const [way, use] of ways) {
    for (const [what, key] of weak)
      it(`of ${what} is refused by ${way}, and not repeated`, () =>
        assert.throws(
          () => use(key),
          ({ type, message }: Fault) =>
            type === "key_unusable" && /openssl rand/.test(message) && !message.includes(Buffer.from(key as string).toString()),
        ));

    it(`that is one pattern, whatever it is, is refused by ${way}`, () =>
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 1, maxLength: 40 }),
          fc.integer({ min: 2, max: 9 }),
          fc.nat({ max: 39 }),
          (part, times, rest) => {
            const key = Buffer.concat([...Array.from({ length: times }, () => part), part.subarray(0, rest)]);
            fc.pre(key.length >= 32);
            assert.throws(() => use(key), { type: "key_unusable" });
          },
        ),
        { seed: 27 },
      ));

    it(`that was drawn is taken by ${way}, however it is written (as before)`, () => {
      for (let n = 0; n < 500; n++) {
        const drawn = randomBytes(32);
        for (const key of [
          drawn,
          drawn.toString("hex"),
          drawn.toString("base64url"),
          drawn.toString("hex").slice(0, 32),
          BigInt(`0x${drawn.toString("hex")}`)
            .toString()
            .padStart(77, "7"),
        ])
          assert.doesNotThrow(() => use(key));
      }
    });
  }
});
