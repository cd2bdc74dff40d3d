import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { limits } from "../../src/core/limits.ts";
import { LoadLines, linesOf } from "../../src/core/load-line/load-lines.ts";
import { stillHolds } from "../../src/operation/actor.ts";
import {
  audience,
  claimsAt,
  ec,
  ed,
  eddsa,
  es256,
  hs256,
  issuer,
  makeToken,
  otherSecret,
  pem,
  refusalOf,
  secret,
  setUp,
  startMs,
} from "./tokens.ts";

describe("jwt", () => {
  it("gives the actor that the token tells of, frozen to its leaves", async () => {
    const { authenticator } = setUp();
    const claims = claimsAt({ address: { city: "Bern" } });
    const actor = await authenticator.authenticate(makeToken({ claims }));
    assert.deepEqual(actor, { id: "ann", kind: "user", roles: ["customer"], tenant: "acme", claims });
    for (const part of [actor, actor.roles, actor.claims, actor.claims.address]) assert.ok(Object.isFrozen(part));
  });

  it("takes tenant and roles from the claims that it is given", async () => {
    const { authenticator } = setUp({ tenantClaim: "org", rolesClaim: "https://shop.test/roles" });
    const claims = claimsAt({ org: "globex", "https://shop.test/roles": ["admin"] });
    const { tenant, roles } = await authenticator.authenticate(makeToken({ claims }));
    assert.deepEqual([tenant, roles], ["globex", ["admin"]]);
  });

  it("knows no tenant and no roles where the token names none", async () => {
    const { authenticator } = setUp();
    const { tenant, roles } = await authenticator.authenticate(makeToken({ claims: claimsAt({ tid: undefined, roles: undefined }) }));
    assert.deepEqual([tenant, roles], [undefined, []]);
  });

  it("does not take an inherited name for a claim", async () => {
    const { authenticator } = setUp({ tenantClaim: "constructor", rolesClaim: "toString" });
    const { tenant, roles } = await authenticator.authenticate(makeToken());
    assert.deepEqual([tenant, roles], [undefined, []]);
  });

  for (const [algorithm, key, signer] of [
    ["EdDSA", ed.publicKey, eddsa()],
    ["EdDSA", pem(ed), eddsa()],
    ["EdDSA", ed.publicKey.export({ format: "jwk" }), eddsa()],
    ["ES256", ec.publicKey, es256()],
    ["ES256", pem(ec), es256()],
    ["ES256", ec.publicKey.export({ format: "jwk" }), es256()],
  ] as const) {
    it(`verifies ${algorithm} with a public key given as ${typeof key === "string" ? "PEM" : key.constructor.name}`, async () => {
      const { authenticator } = setUp({ keys: [{ algorithm, publicKey: key }] });
      assert.equal((await authenticator.authenticate(makeToken({ header: { alg: algorithm }, signer }))).id, "ann");
    });
  }

  it("chooses among several keys by kid while they are rotated", async () => {
    const { authenticator } = setUp({
      keys: [
        { id: "old", algorithm: "HS256", secret },
        { id: "new", algorithm: "HS256", secret: otherSecret },
        { id: "ed", algorithm: "EdDSA", publicKey: ed.publicKey },
      ],
    });
    const ask = (header: object, signer = hs256()) => refusalOf(authenticator, makeToken({ header, signer }));
    assert.equal(await ask({ alg: "HS256", kid: "old" }), undefined);
    assert.equal(await ask({ alg: "HS256", kid: "new" }, hs256(otherSecret)), undefined);
    assert.equal(await ask({ alg: "EdDSA" }, eddsa()), undefined, "the only key for its algorithm needs no kid");
    assert.equal((await ask({ alg: "HS256", kid: "new" }))?.type, "token_invalid", "signed with the other key");
    assert.equal((await ask({ alg: "HS256" }))?.type, "token_invalid", "two keys and no kid");
    assert.equal((await ask({ alg: "EdDSA", kid: "old" }, eddsa()))?.type, "token_invalid", "a kid of another algorithm");
  });

  it("says what a document says of it", () => {
    const { authenticator } = setUp();
    assert.deepEqual([authenticator.scheme, authenticator.document], ["bearer", { type: "http", scheme: "bearer", bearerFormat: "JWT" }]);
  });
});

describe("jwt, remembering", () => {
  it("answers at once from the second time on, with the same actor", async () => {
    const { authenticator } = setUp();
    const token = makeToken();
    const first = authenticator.authenticate(token);
    assert.ok(first instanceof Promise);
    // Each request has a text of its own.
    const again = Buffer.from(token).toString();
    assert.equal(authenticator.remembered(again), undefined);
    const actor = await first;
    assert.equal(authenticator.authenticate(again), actor);
    assert.equal(authenticator.remembered(again)?.actor, actor);
  });

  it("verifies a burst of one new token once", async () => {
    const { authenticator } = setUp();
    const token = makeToken();
    const burst = Array.from({ length: 100 }, () => authenticator.authenticate(token));
    assert.equal(new Set(burst).size, 1);
    assert.equal(new Set(await Promise.all(burst)).size, 1);
  });

  it("does not remember what it refused", async () => {
    const { authenticator } = setUp();
    const token = makeToken({ signer: hs256(otherSecret) });
    for (let i = 0; i < 3; i++) assert.equal((await refusalOf(authenticator, token))?.type, "token_invalid");
    assert.equal(authenticator.remembered(token), undefined);
  });

  it("forgets after 60 s, and then verifies again", async () => {
    const { authenticator, clock } = setUp();
    const token = makeToken();
    await authenticator.authenticate(token);
    const { actor, validFrom, validUntil } = authenticator.remembered(token)!;
    assert.deepEqual([actor.id, validFrom, validUntil], ["ann", startMs, startMs + 60_000]);
    clock.advance(59_999);
    assert.equal(authenticator.authenticate(token), actor);
    clock.advance(1);
    assert.equal(authenticator.remembered(token), undefined);
    const again = authenticator.authenticate(token);
    assert.ok(again instanceof Promise);
    assert.notEqual(await again, actor);
    assert.ok(stillHolds(authenticator.remembered(token)!, clock.now()));
  });

  it("never remembers longer than the token is valid, tolerance included", async () => {
    const { authenticator, clock } = setUp({ clockToleranceSeconds: 2 });
    const token = makeToken({ claims: claimsAt({ exp: startMs / 1_000 + 10 }) });
    await authenticator.authenticate(token);
    clock.advance(11_999);
    assert.ok(!(authenticator.authenticate(token) instanceof Promise));
    clock.advance(1);
    assert.equal((await refusalOf(authenticator, token))?.type, "token_expired");
    clock.setNow(startMs + 60_000);
    assert.equal((await refusalOf(authenticator, token))?.type, "token_expired", "also when the wall clock jumps");
  });

  it("verifies again when the wall clock is set back before the verification", async () => {
    const { authenticator, clock } = setUp();
    const token = makeToken({ claims: claimsAt({ iat: undefined }) });
    await authenticator.authenticate(token);
    clock.setNow(startMs - 1);
    assert.equal(authenticator.remembered(token), undefined);
    assert.ok((await authenticator.authenticate(token)).id === "ann");
  });

  it("holds no more than its bound, the oldest making room", async () => {
    const { authenticator, clock } = setUp({ rememberedTokens: 3 });
    const tokens = ["a", "b", "c", "d", "e"].map((sub) => makeToken({ claims: claimsAt({ sub }) }));
    const held = () => tokens.map((token) => authenticator.remembered(token)?.actor.id);
    for (const token of tokens) await authenticator.authenticate(token);
    assert.deepEqual(held(), [undefined, undefined, "c", "d", "e"]);
    clock.advance(60_000);
    // The same token again takes a place of its own; when its old place is used again, the new one must stay.
    for (const again of [4, 0, 1]) await authenticator.authenticate(tokens[again]!);
    assert.deepEqual(held(), ["a", "b", undefined, undefined, "e"]);
    await authenticator.authenticate(tokens[3]!);
    assert.deepEqual(held(), ["a", "b", undefined, "d", undefined]);
  });

  it("tells two tokens with one end apart", async () => {
    const { authenticator } = setUp();
    const token = makeToken();
    await authenticator.authenticate(token);
    const [, , signature] = token.split(".");
    const forged = `${makeToken({ claims: claimsAt({ sub: "eve" }) })
      .split(".")
      .slice(0, 2)
      .join(".")}.${signature}`;
    assert.equal(authenticator.remembered(forged), undefined);
    assert.equal((await refusalOf(authenticator, forged))?.type, "token_invalid");
    assert.equal((await authenticator.authenticate(token)).id, "ann");
  });

  it("verifies a bounded number of new tokens at the same time", async () => {
    const { authenticator } = setUp();
    const at = (i: number) => makeToken({ claims: claimsAt({ sub: `user ${i}` }) });
    const first = Array.from({ length: limits.verifyingTokens }, (_, i) => authenticator.authenticate(at(i)));
    const refused = await refusalOf(authenticator, at(limits.verifyingTokens));
    assert.deepEqual([refused?.code, refused?.type], ["unavailable", "overloaded"]);
    assert.ok([1_000, 2_000, 3_000].includes(refused?.retryAfterMs ?? 0));
    const lines = new LoadLines(systemClock);
    for (const line of linesOf(authenticator)) lines.register(line);
    lines.setMode("tokens being verified", "measure", "test");
    assert.equal(await refusalOf(authenticator, at(limits.verifyingTokens + 1)), undefined);
    const [{ refused: counts, wouldRefuse } = assert.fail()] = lines.list();
    assert.deepEqual([counts, wouldRefuse], [{ full: 1 }, { full: 1 }]);
    await Promise.all(first);
    assert.equal(await refusalOf(authenticator, at(limits.verifyingTokens)), undefined);
  });
});

describe("jwt, at start", () => {
  const short = "31 bytes, one less than allowed";
  const cases: Record<string, [Parameters<typeof setUp>[0], RegExp]> = {
    "no keys": [{ keys: [] }, /at least one key/],
    "a short secret": [
      { keys: [{ algorithm: "HS256", secret: short }] },
      /31 bytes; HS256 needs at least 32\. Make a secret with: openssl/,
    ],
    "a public key as secret": [{ keys: [{ algorithm: "HS256", secret: pem(ec) }] }, /PEM, not a secret/],
    "a public key object as secret": [{ keys: [{ algorithm: "HS256", secret: ec.publicKey }] }, /public key\. Give HS256 a secret/],
    "a private key": [
      { keys: [{ algorithm: "ES256", publicKey: ec.privateKey.export({ type: "pkcs8", format: "pem" }) as string }] },
      /not a public key\. Give its public half/,
    ],
    "a private key object": [{ keys: [{ algorithm: "ES256", publicKey: ec.privateKey }] }, /Give its public half/],
    "a private JWK": [{ keys: [{ algorithm: "ES256", publicKey: ec.privateKey.export({ format: "jwk" }) }] }, /Give its public half/],
    "a text that is no key": [{ keys: [{ algorithm: "EdDSA", publicKey: "hello" }] }, /Give its public half/],
    "a key of another algorithm": [{ keys: [{ algorithm: "EdDSA", publicKey: ec.publicKey }] }, /EdDSA needs an Ed25519 key/],
    "a secret where a public key belongs": [{ keys: [{ algorithm: "ES256", publicKey: secret }] }, /Give its public half/],
    "an unknown algorithm": [{ keys: [{ algorithm: "none" as "HS256", secret }] }, /Use HS256, EdDSA, ES256, RS256 or PS256/],
    "an inherited algorithm": [{ keys: [{ algorithm: "toString" as "HS256", secret }] }, /Use HS256, EdDSA, ES256, RS256 or PS256/],
    "two keys with one id": [
      {
        keys: [
          { id: "a", algorithm: "HS256", secret },
          { id: "a", algorithm: "EdDSA", publicKey: ed.publicKey },
        ],
      },
      /one id/,
    ],
    "two keys that no token can choose": [
      {
        keys: [
          { algorithm: "HS256", secret },
          { id: "b", algorithm: "HS256", secret: otherSecret },
        ],
      },
      /Give each an id/,
    ],
    "an algorithm without permission": [{ algorithms: ["ES256"] }, /does not allow HS256/],
    "no issuer": [{ issuer: "" }, /jwt\(\{ issuer \}\) is empty/],
    "no audience": [{ audience: "" }, /jwt\(\{ audience \}\) is empty/],
    "a tolerance of hours": [{ clockToleranceSeconds: 3_600 }, /Write 0 to 300/],
    "a tolerance that is no number": [{ clockToleranceSeconds: Number.NaN }, /Write 0 to 300/],
    "no room to remember": [{ rememberedTokens: 0 }, /whole number from 1/],
  };
  for (const [what, [options, message]] of Object.entries(cases)) {
    it(`refuses ${what}, and says what to do without telling the secret`, () => {
      assert.throws(
        () => setUp(options),
        (error: Error) => {
          assert.match(error.message, message);
          for (const hidden of [short, secret, otherSecret, "MIG", "MFk"]) assert.ok(!error.message.includes(hidden));
          return error.name === "AssertionError" || (error as { type?: string }).type === "key_unusable";
        },
      );
    });
  }

  it("takes a secret of just enough bytes, as text or as bytes", async () => {
    for (const exact of ["éèêëüöäßçñåøæœàù", Buffer.from("éèêëüöäßçñåøæœàù")]) {
      const { authenticator } = setUp({ keys: [{ algorithm: "HS256", secret: exact }], issuer, audience });
      const signer = (input: string) => hs256(exact as string)(input);
      assert.equal(await refusalOf(authenticator, makeToken({ signer })), undefined);
    }
  });
});
