import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jwt, jwtIssuer, type SigningKey } from "../../src/auth/index.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { audience, ec, ed, issuer, secret, startMs } from "./tokens.ts";

const pem = (key: typeof ec.privateKey) => key.export({ type: "pkcs8", format: "pem" }) as string;

function setUp(key: SigningKey = { algorithm: "HS256", secret }) {
  const clock = new TestClock({ now: startMs + 250 });
  return { clock, sessions: jwtIssuer({ key, issuer, audience, ttl: "1h", clock }) };
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString());

describe("jwtIssuer", () => {
  for (const [key, verifying] of [
    [
      { algorithm: "HS256", secret },
      { algorithm: "HS256", secret },
    ],
    [
      { algorithm: "EdDSA", privateKey: pem(ed.privateKey) },
      { algorithm: "EdDSA", publicKey: ed.publicKey },
    ],
    [
      { algorithm: "EdDSA", privateKey: ed.privateKey.export({ format: "jwk" }) },
      { algorithm: "EdDSA", publicKey: ed.publicKey },
    ],
    [
      { id: "2026", algorithm: "ES256", privateKey: ec.privateKey },
      { id: "2026", algorithm: "ES256", publicKey: ec.publicKey },
    ],
  ] as const) {
    it(`signs with ${key.algorithm} what jwt accepts, until it expires`, async () => {
      const { clock, sessions } = setUp(key);
      const authenticator = jwt({ keys: [verifying], issuer, audience, clock, clockToleranceSeconds: 0 });
      const { token, expiresAt } = await sessions.sign({ subject: "ann", tenant: "acme", roles: ["customer", "admin"] });
      const { id, tenant, roles } = await authenticator.authenticate(token);
      assert.deepEqual([id, tenant, roles], ["ann", "acme", ["customer", "admin"]]);
      assert.deepEqual(expiresAt, new Date(startMs + 3_600_000));
      clock.advance(expiresAt.getTime() - clock.now() - 1);
      assert.equal((await authenticator.authenticate(token)).id, "ann");
      clock.advance(1);
      await assert.rejects(async () => authenticator.authenticate(token), { type: "token_expired" });
    });
  }

  it("writes a kid only where the key has an id", async () => {
    const headers = await Promise.all(
      [setUp(), setUp({ id: "a", algorithm: "HS256", secret })].map(async ({ sessions }) => {
        const { token } = await sessions.sign({ subject: "ann" });
        return JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString());
      }),
    );
    assert.deepEqual(headers, [
      { alg: "HS256", typ: "JWT" },
      { alg: "HS256", typ: "JWT", kid: "a" },
    ]);
  });

  it("gives each token an id of its own, and leaves out what there is not", async () => {
    const { sessions } = setUp();
    const [first, second] = [
      claimsOf((await sessions.sign({ subject: "ann" })).token),
      claimsOf((await sessions.sign({ subject: "ann" })).token),
    ];
    assert.notEqual(first.jti, second.jti);
    const { jti: _, ...rest } = first;
    assert.deepEqual(rest, { iss: issuer, aud: audience, sub: "ann", roles: [], iat: startMs / 1_000, exp: startMs / 1_000 + 3_600 });
  });

  for (const [what, subject] of [
    ["an empty subject", { subject: "" }],
    ["a subject with a NUL", { subject: "a\0" }],
    ["an empty tenant", { subject: "ann", tenant: "" }],
    ["a role that is too long", { subject: "ann", roles: ["a".repeat(256)] }],
  ] as const) {
    it(`signs nothing for ${what}`, () => assert.rejects(setUp().sessions.sign(subject), { name: "AssertionError" }));
  }

  for (const [what, key, message] of [
    ["a short secret", { algorithm: "HS256", secret: "short" }, /5 bytes; HS256 needs at least 32/],
    ["a public key", { algorithm: "ES256", privateKey: ec.publicKey }, /not a private key\. Give it as PEM/],
    ["a text that is no key", { algorithm: "ES256", privateKey: "hello" }, /not a private key\. Give it as PEM/],
    ["a key of another algorithm", { algorithm: "ES256", privateKey: ed.privateKey }, /ES256 needs a P-256 key/],
    ["an unknown algorithm", { algorithm: "HS512" as "HS256", secret }, /Use HS256, EdDSA or ES256/],
  ] as const) {
    it(`refuses ${what} at start`, () => assert.throws(() => setUp(key), { type: "key_unusable", message }));
  }

  for (const ttl of [0, "2d", "999ms"] as const)
    it(`refuses a token that is valid for ${ttl}`, () =>
      assert.throws(() => jwtIssuer({ key: { algorithm: "HS256", secret }, issuer, audience, ttl }), { message: /Write "1s" to "1d"/ }));
});
