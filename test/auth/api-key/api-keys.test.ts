import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { type ApiKeyOptions, apiKeys, issueApiKey, type StoredApiKey } from "../../../src/auth/api-key/api-keys.ts";
import type { ApiKeyUse } from "../../../src/auth/api-key/key-uses.ts";
import type { Actor } from "../../../src/operation/actor.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { authenticationConformance } from "../../../src/testing/conformance/authentication.ts";
import { refusalOf, startMs } from "../tokens.ts";

const actor: Actor = { id: "reader-7", kind: "service", roles: ["reports"], tenant: "acme", claims: {} };
const clock = new TestClock({ now: startMs });
const made = issueApiKey("shop_live", { clock });
const prefix = "shop_live";

function setUp(stored: Partial<StoredApiKey> | undefined = {}, options: Partial<ApiKeyOptions> = {}) {
  const asked: string[] = [];
  const kept: { stored: StoredApiKey | undefined } = { stored: stored && { hashes: [made.hash], actor, ...stored } };
  const time = new TestClock({ now: startMs });
  const find = async (id: string) => {
    asked.push(id);
    return id === made.id ? kept.stored : undefined;
  };
  return { asked, kept, clock: time, authenticator: apiKeys({ prefix, find, clock: time, ...options }) };
}

for (const { name, run } of authenticationConformance({
  authenticator: setUp().authenticator,
  good: { header: `Bearer ${made.key}`, actorId: actor.id },
  bad: [`Bearer ${issueApiKey(prefix, { clock }).key}`, `Bearer ${made.key.slice(0, -1)}`, `Bearer ${prefix}_`],
  foreign: "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
}))
  it(`an API key: ${name}`, run);

describe("an API key", () => {
  it("gives its actor, by its id", async () => {
    const { authenticator, asked } = setUp();
    assert.deepEqual(await authenticator.authenticate(made.key), actor);
    assert.deepEqual(asked, [made.id]);
  });

  it("has its prefix, an id, 256 random bits and a checksum, and shows none of the secret in what is kept", () => {
    assert.match(made.key, /^shop_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    assert.ok(made.key.includes(`_${made.id}_`));
    assert.ok(!made.key.includes(made.hash) && Buffer.from(made.hash, "base64url").length === 32);
  });

  it("is another each time", () => {
    const keys = Array.from({ length: 100 }, () => issueApiKey("shop"));
    for (const part of ["key", "id", "hash"] as const) assert.equal(new Set(keys.map((one) => one[part])).size, 100);
  });

  it("with any one character changed, left out or added is refused without a look-up, or as unknown", async () => {
    const { authenticator, asked } = setUp();
    const spoiled = fc.tuple(fc.nat(made.key.length - 1), fc.constantFrom("a", "Z", "0", "_", "", "aa", "\n", "é")).map(([at, by]) => {
      const key = made.key.slice(0, at) + by + made.key.slice(at + 1);
      return key === made.key ? `${key}0` : key;
    });
    await fc.assert(
      fc.asyncProperty(spoiled, async (key) => {
        const credentials = authenticator.credentialsIn(`Bearer ${key}`);
        if (credentials === undefined) return;
        assert.equal((await refusalOf(authenticator, credentials))?.type, "token_invalid");
      }),
      { numRuns: 500 },
    );
    assert.deepEqual(asked, [], "a checksum of six digits lets one of 57 billion through");
  });

  for (const [what, stored, type] of [
    ["that is unknown", undefined, "token_invalid"],
    ["whose secret is another", { hashes: [issueApiKey(prefix).hash] }, "token_invalid"],
    ["without a hash", { hashes: [] }, "token_invalid"],
    ["with a hash that is none", { hashes: ["", made.hash.slice(1), `${made.hash}=`] }, "token_invalid"],
    ["that has expired", { expiresAt: new Date(startMs) }, "token_expired"],
    ["whose expiry is no date", { expiresAt: new Date(Number.NaN) }, "token_expired"],
  ] as const)
    it(`${what} is refused`, async () => {
      const { authenticator, kept } = setUp(stored ?? {});
      if (stored === undefined) kept.stored = undefined;
      const fault = await refusalOf(authenticator, made.key);
      assert.deepEqual([fault?.code, fault?.type], ["unauthenticated", type]);
      assert.ok(!String(fault?.message).includes(made.id), "a refusal repeats nothing of the key");
    });

  it("is rotated with overlap: both are good while both hashes are kept", async () => {
    const { authenticator, kept, clock: time } = setUp();
    const next = issueApiKey(prefix, { id: made.id });
    kept.stored = { hashes: [made.hash, next.hash], actor };
    for (const key of [made.key, next.key]) assert.equal((await authenticator.authenticate(key)).id, actor.id);
    kept.stored = { hashes: [next.hash], actor };
    time.advance(1_000);
    assert.equal((await refusalOf(authenticator, made.key))?.type, "token_invalid");
    assert.equal((await authenticator.authenticate(next.key)).id, actor.id);
  });

  it("that is withdrawn is refused after a second, and is looked up once in it", async () => {
    const { authenticator, kept, asked, clock: time } = setUp();
    for (let request = 0; request < 10; request++) await authenticator.authenticate(made.key);
    assert.equal(asked.length, 1);
    kept.stored = undefined;
    time.advance(999);
    assert.equal((await authenticator.authenticate(made.key)).id, actor.id);
    time.advance(1);
    assert.equal((await refusalOf(authenticator, made.key))?.type, "token_invalid");
    assert.equal(authenticator.remembered(made.key), undefined);
  });

  it("is remembered no longer than until it expires, and not at all with rememberFor: 0", async () => {
    const soon = setUp({ expiresAt: new Date(startMs + 10) });
    await soon.authenticator.authenticate(made.key);
    soon.clock.advance(10);
    assert.equal((await refusalOf(soon.authenticator, made.key))?.type, "token_expired");
    const never = setUp({}, { rememberFor: 0 });
    await never.authenticator.authenticate(made.key);
    await never.authenticator.authenticate(made.key);
    assert.equal(never.asked.length, 2);
  });
});

describe("apiKeys, at start, refuses", () => {
  for (const bad of ["", "Shop", "shop-live", "shop_", "_shop", "a".repeat(17), "a_b_c_d", "1shop"]) {
    it(`the prefix "${bad}"`, () => assert.throws(() => apiKeys({ prefix: bad, find: () => undefined }), /is no prefix/));
    it(`to make a key with the prefix "${bad}"`, () => assert.throws(() => issueApiKey(bad), /is no prefix/));
  }
  it("to remember for more than a minute", () =>
    assert.throws(() => apiKeys({ prefix, find: () => undefined, rememberFor: "2m" }), /rememberFor/));
  it("to make a key with an id that is none", () => assert.throws(() => issueApiKey(prefix, { id: "x'; drop" }), /no id/));
});

describe("an API key that is used", () => {
  const second = issueApiKey(prefix, { clock });
  const open = (used: (uses: readonly ApiKeyUse[]) => unknown, options: Partial<ApiKeyOptions> = {}) => {
    const time = new TestClock({ now: startMs });
    const known = new Map([made, second].map(({ id, hash }) => [id, { hashes: [hash], actor }]));
    return { time, authenticator: apiKeys({ prefix, find: (id) => known.get(id), clock: time, used, ...options }) };
  };

  it("is reported once a minute, with its last use, and only where the key was good", async () => {
    const reports: unknown[] = [];
    const { time, authenticator } = open((uses) => reports.push(uses.map(({ id, usedAt }) => [id, usedAt.getTime() - startMs])));
    await authenticator.authenticate(made.key);
    time.advance(20_000);
    for (const { key } of [second, made]) await authenticator.authenticate(key);
    await assert.rejects(async () => authenticator.authenticate(issueApiKey(prefix, { clock }).key));
    time.advance(39_000);
    assert.deepEqual(reports, []);
    time.advance(1_000);
    assert.deepEqual(reports, [[made, second].map(({ id }) => [id, 20_000])]);
    await nextTurn();
    time.advance(3_600_000);
    await authenticator.authenticate(second.key);
    time.advance(60_000);
    assert.deepEqual(reports.slice(1), [[[second.id, 3_660_000]]]);
  });

  it("is reported by one report at a time, and again after one that fails, which warns", async () => {
    const answers: PromiseWithResolvers<void>[] = [];
    const reports: (readonly ApiKeyUse[])[] = [];
    const { time, authenticator } = open(
      (uses) => {
        reports.push(uses);
        answers.push(Promise.withResolvers<void>());
        return answers.at(-1)!.promise;
      },
      { usedEvery: "1s", rememberFor: 0 },
    );
    const use = async () => {
      await authenticator.authenticate(made.key);
      time.advance(1_000);
      await nextTurn();
    };
    await use();
    await use();
    assert.equal(reports.length, 1, "the first has not ended");
    const warned = once(process, "warning");
    answers[0]!.reject(new Error("away"));
    assert.match(String((await warned)[0]), /apiKeys\(\{ used \}\) failed/);
    await use();
    assert.equal(reports.length, 2);
  });

  it("is one of a bounded number in a report", async () => {
    const many = Array.from({ length: 10_002 }, () => issueApiKey(prefix, { clock }));
    const known = new Map(many.map(({ id, hash }) => [id, { hashes: [hash], actor }]));
    let count = 0;
    const { time, authenticator } = open((uses) => (count = uses.length), { find: (id) => known.get(id) });
    for (const { key } of many) await authenticator.authenticate(key);
    time.advance(60_000);
    assert.equal(count, 10_000);
  });

  for (const usedEvery of [999, "2h"] as const)
    it(`is not reported every ${usedEvery}`, () => {
      assert.throws(() => open(() => undefined, { usedEvery }), /usedEvery/);
    });
});
