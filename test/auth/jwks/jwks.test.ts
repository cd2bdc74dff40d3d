import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jwks } from "../../../src/auth/jwks/jwks.ts";
import { jwt } from "../../../src/auth/jwt.ts";
import { limits } from "../../../src/core/limits.ts";
import { linesOf } from "../../../src/core/load-line/load-lines.ts";
import { audience, ec, ed, hs256, issuer } from "../tokens.ts";
import { FakeIssuer, member, pairs, rs256, rsa, signers, weakRsa, withKeysOf } from "./issuer.ts";

const known = (...ids: readonly string[]) => ids.map((kid) => member(ed, { kid }));
const never = () => new Promise<Response>(() => undefined);
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe("keys that are fetched", () => {
  for (const algorithm of ["EdDSA", "ES256", "RS256", "PS256"] as const)
    it(`verify ${algorithm}, by the key that its kid names`, async () => {
      const { ask } = withKeysOf(new FakeIssuer([member(pairs[algorithm], { kid: "a", alg: algorithm })]));
      assert.equal(await ask({ alg: algorithm, kid: "a" }), undefined);
      assert.equal((await ask({ alg: algorithm, kid: "a" }, rs256(weakRsa.privateKey)))?.type, "token_invalid");
    });

  it("are found by the document of the issuer, where no address is given", async () => {
    const fake = new FakeIssuer(known("a"));
    const { ask } = withKeysOf(fake, {}, { keys: jwks({ fetch: fake.fetch }) });
    assert.equal(await ask({ alg: "EdDSA", kid: "a" }), undefined);
    assert.deepEqual(fake.asked, [`${issuer}/.well-known/openid-configuration`, fake.keysUrl]);
  });

  for (const [what, document] of [
    ["of another issuer", { issuer: "https://other.test", jwks_uri: "https://keys.test/set" }],
    ["without an address", { issuer }],
    ["with an address in the clear", { issuer, jwks_uri: "http://keys.test/set" }],
    ["with an address of this machine", { issuer, jwks_uri: "http://127.0.0.1:1/set" }],
    ["with another scheme", { issuer, jwks_uri: "file:///etc/passwd" }],
    ["that is null", null],
  ] as const)
    it(`are not taken by a document ${what}`, async () => {
      const fake = new FakeIssuer(known("a"));
      fake.discovers(document);
      const { ask } = withKeysOf(fake, {}, { keys: jwks({ fetch: fake.fetch }) });
      assert.equal((await ask({ alg: "EdDSA", kid: "a" }))?.type, "keys_unavailable");
      assert.equal(fake.asked.length, 1, "no other address is asked");
    });

  for (const [what, weak, header, signer] of [
    ["RSA keys of 1,024 bits", member(weakRsa, { kid: "w" }), { alg: "RS256", kid: "w" }, rs256(weakRsa.privateKey)],
    ["keys for encryption", member(rsa, { kid: "w", use: "enc" }), { alg: "RS256", kid: "w" }, rs256()],
    ["keys that may only sign", member(rsa, { kid: "w", key_ops: ["sign"] }), { alg: "RS256", kid: "w" }, rs256()],
    ["secrets", { kty: "oct", kid: "w", k: Buffer.alloc(32, 7).toString("base64url") }, { alg: "HS256", kid: "w" }, hs256("7".repeat(32))],
    ["private keys", { ...rsa.privateKey.export({ format: "jwk" }), kid: "w" }, { alg: "RS256", kid: "w" }, rs256()],
    ["keys of another algorithm", member(rsa, { kid: "w", alg: "PS256" }), { alg: "RS256", kid: "w" }, rs256()],
    ["keys without what they consist of", { kty: "RSA", kid: "w" }, { alg: "RS256", kid: "w" }, rs256()],
    ["keys that jwt({ algorithms }) leaves out", member(ec, { kid: "w" }), { alg: "ES256", kid: "w" }, signers.ES256],
  ] as const)
    it(`are used without ${what} among them`, async () => {
      const fake = new FakeIssuer([weak, null as never, "x" as never, ...known("a")]);
      const { ask } = withKeysOf(fake, {}, { algorithms: ["EdDSA", "RS256"] });
      assert.equal((await ask(header, signer))?.type, "token_invalid");
      assert.equal(await ask({ alg: "EdDSA", kid: "a" }), undefined);
    });

  it("are never those that a token brings or points to", async () => {
    const fake = new FakeIssuer(known("a"));
    const { ask } = withKeysOf(fake);
    const header = { alg: "ES256", kid: "mine", jku: "https://evil.test/keys", x5u: "https://evil.test/cert", jwk: member(ec) };
    assert.equal((await ask(header))?.type, "token_invalid");
    assert.deepEqual(fake.asked, [fake.keysUrl]);
  });
});

describe("while keys are rotated", () => {
  it("a new kid is fetched at once, and a withdrawn one is not accepted any more", async () => {
    const fake = new FakeIssuer(known("old"));
    const { ask, clock } = withKeysOf(fake);
    assert.equal(await ask({ alg: "EdDSA", kid: "old" }), undefined);
    fake.publishes(...known("new"));
    clock.advance(limits.keySetRetryMs);
    assert.equal(await ask({ alg: "EdDSA", kid: "new" }), undefined);
    assert.equal((await ask({ alg: "EdDSA", kid: "old" }))?.type, "token_invalid");
    assert.equal(fake.fetches, 2);
  });

  it("made-up ids cost one fetch in ten seconds, whatever their number", async () => {
    const fake = new FakeIssuer(known("a"));
    const { ask, clock } = withKeysOf(fake);
    for (let second = 0; second < 30; second++) {
      const refused = await Promise.all(Array.from({ length: 20 }, (_, at) => ask({ alg: "EdDSA", kid: `made-up ${second} ${at}` })));
      for (const fault of refused) assert.equal(fault?.type, "token_invalid");
      assert.equal(await ask({ alg: "EdDSA", kid: "a" }), undefined);
      clock.advance(1_000);
    }
    assert.equal(fake.fetches, 3);
  });

  it("old keys are fetched again in the background, and are used meanwhile", async () => {
    const fake = new FakeIssuer(known("a"));
    const { ask, clock } = withKeysOf(fake, { refresh: "1m" });
    await ask({ alg: "EdDSA", kid: "a" });
    fake.does(never);
    clock.advance(60_000);
    assert.equal(await ask({ alg: "EdDSA", kid: "a" }), undefined, "no caller waits for the fetch");
    assert.equal(fake.fetches, 2);
  });
});

describe("an issuer that is away", () => {
  for (const [what, reply] of [
    ["does not respond", () => Promise.reject(new TypeError("fetch failed"))],
    ["fails", () => new Response("oops", { status: 500 })],
    ["sends garbage", () => new Response("<html>")],
    ["sends no set", () => Response.json({ keys: "none" })],
    ["sends an empty set", () => Response.json({ keys: [] })],
    ["sends too much", () => new Response(JSON.stringify({ keys: known("b"), pad: "x".repeat(limits.keySetBytes) }))],
  ] as const)
    it(`and ${what} leaves the good keys as they are, for as long as they may be kept`, async () => {
      const fake = new FakeIssuer(known("a"));
      const { ask, clock } = withKeysOf(fake, { refresh: "1m", keepFor: "1h" });
      assert.equal(await ask({ alg: "EdDSA", kid: "a" }), undefined);
      fake.does(reply);
      for (let minute = 1; minute < 60; minute++) {
        clock.advance(60_000);
        assert.equal(await ask({ alg: "EdDSA", kid: "a" }), undefined, `after ${minute} minutes`);
        await turn();
      }
      clock.advance(60_000);
      const refused = await ask({ alg: "EdDSA", kid: "a" });
      assert.deepEqual([refused?.code, refused?.type], ["unavailable", "keys_unavailable"]);
      fake.publishes(...known("a"));
      clock.advance(limits.keySetRetryMs);
      assert.equal(await ask({ alg: "EdDSA", kid: "a" }), undefined, "and it recovers by itself");
    });

  it("from the start refuses tokens as unavailable, with when to come back, and is asked once in ten seconds", async () => {
    const fake = new FakeIssuer();
    fake.does(() => new Response("", { status: 503 }));
    const { ask, clock } = withKeysOf(fake);
    for (let second = 0; second < 20; second++) {
      const refused = await ask({ alg: "EdDSA", kid: "a" });
      assert.equal(refused?.type, "keys_unavailable");
      assert.ok((refused?.retryAfterMs ?? 0) > 0 && (refused?.retryAfterMs ?? 0) <= limits.keySetRetryMs);
      clock.advance(1_000);
    }
    assert.equal(fake.fetches, 2);
  });

  it("and stalls ends the wait after the time-out, also where the fetch does not listen to its signal", async () => {
    const fake = new FakeIssuer();
    fake.does(never);
    const { ask, clock } = withKeysOf(fake, { timeout: "2s" });
    const asked = ask({ alg: "EdDSA", kid: "a" });
    await turn();
    clock.advance(2_000);
    assert.equal((await asked)?.type, "keys_unavailable");
  });

  it("keeps a bounded number of tokens waiting, and those with known keys never", async () => {
    const fake = new FakeIssuer(known("a"));
    const { ask, clock, authenticator } = withKeysOf(fake);
    await ask({ alg: "EdDSA", kid: "a" });
    fake.does(never);
    clock.advance(limits.keySetRetryMs);
    const waiting = Array.from({ length: limits.waitingForKeys }, (_, at) => ask({ alg: "EdDSA", kid: `new ${at}` }));
    const more = await ask({ alg: "EdDSA", kid: "one more" });
    assert.deepEqual([more?.code, more?.type], ["unavailable", "overloaded"]);
    assert.equal(await ask({ alg: "EdDSA", kid: "a" }), undefined);
    const line = linesOf(authenticator).find(({ name }) => name === "tokens waiting for keys");
    assert.deepEqual([line?.now(), line?.refusals[0]?.refused], [limits.waitingForKeys, 1]);
    clock.advance(5_000);
    for (const fault of await Promise.all(waiting)) assert.equal(fault?.type, "token_invalid");
    assert.equal(line?.now(), 0);
  });
});

describe("jwks, at start, refuses", () => {
  for (const url of ["http://keys.test/set", "keys.test/set", "file:///keys", "https://user:pass@keys.test/set", ""])
    it(`the address "${url}"`, () => assert.throws(() => jwks({ url }), /Write an https URL/));
  for (const url of ["https://keys.test/set", "http://localhost:8080/set", "http://127.0.0.1/set", "http://[::1]:1/set"])
    it(`not the address "${url}"`, () => void jwks({ url }));
  it("an issuer that is no address, where keys are to be found by it", () =>
    assert.throws(
      () => jwt({ keys: jwks(), issuer: "shop", audience }),
      /jwt\(\{ issuer \}\), where jwks\(\) looks for its keys, is "shop"/,
    ));
  for (const options of [
    { refresh: "1s" },
    { refresh: "2d" },
    { keepFor: "31d" },
    { timeout: "31s" },
    { refresh: "1h", keepFor: "1m" },
  ] as const)
    it(JSON.stringify(options), () =>
      assert.throws(() => jwt({ keys: jwks({ url: "https://keys.test", ...options }), issuer, audience }), /jwks\(/),
    );
});
