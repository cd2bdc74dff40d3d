import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { systemClock } from "plimsoll";
import { keyProviderConformance, TestClock } from "plimsoll/testing";
import { awsKms, environmentKeys, type Fetch, fileKeys, type KeyProvider, vaultTransit } from "plimsoll/vault";
import { signV4 } from "../../src/vault/providers/sigv4.ts";
import { fakeKms, fakeTransit } from "./fakes.ts";
import { secretOf } from "./wallet/wallet.ts";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-keys-"));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, "keys");
writeFileSync(file, `old=${secretOf.two}\n\nnew=${secretOf.one}\n`);
const clock = new TestClock();
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const kms = (more: object = {}, fetch = fakeKms({ credentials, now: () => new Date(clock.now()) })) =>
  awsKms({ region: "eu-central-1", keyId: "alias/shop", credentials: () => credentials, fetch, ...more });
const transit = (more: object = {}, fetch: Fetch = fakeTransit({ token: "hvs.token" })) =>
  vaultTransit({ address: "https://vault.test:8200/", key: "shop", token: () => "hvs.token", fetch, ...more });

const providers: Readonly<Record<string, () => KeyProvider>> = {
  "keys of the environment": () => environmentKeys({ keys: { old: secretOf.two, new: secretOf.one } }),
  "keys of a file": () => fileKeys(file),
  "HashiCorp Vault": transit,
  "AWS KMS": kms,
};
for (const [name, create] of Object.entries(providers))
  describe(name, () => {
    for (const claim of keyProviderConformance({ create, clock })) it(claim.name, claim.run);
  });

describe("providers that are asked over HTTP", () => {
  const key = new Uint8Array(32);
  const unavailable = { code: "unavailable", type: "vault_unavailable" };
  it("use temporary credentials, a namespace and an endpoint of their own", async () => {
    const temporary = { ...credentials, sessionToken: "a-session" };
    const fetch = fakeKms({ credentials: temporary, now: () => new Date(clock.now()) });
    await kms({ credentials: () => temporary, endpoint: "https://kms.internal.test" }, fetch).wrap(key, clock);
    await transit({ namespace: "team" }, fakeTransit({ token: "hvs.token", namespace: "team" })).wrap(key, clock);
  });

  const kmsOf = (fetch: Fetch) => kms({}, fetch);
  const cases: Readonly<Record<string, () => KeyProvider>> = {
    "a wrong token": () => transit({ token: () => "hvs.other" }),
    "a key that is not there": () => transit({ key: "other" }),
    "a wrong secret": () => kms({ credentials: () => ({ ...credentials, secretAccessKey: "other" }) }),
    "no network": () => kmsOf(() => Promise.reject(new TypeError("fetch failed"))),
    "no JSON": () => kmsOf(async () => new Response("<html>")),
    "JSON without what was asked for": () => kmsOf(async () => new Response("{}")),
    "too much": () => kmsOf(async () => new Response("x".repeat(70_000))),
    "a redirect": () =>
      kmsOf(async (_, { redirect }) => (redirect === "error" ? Promise.reject(new TypeError("redirected")) : new Response("{}"))),
  };
  for (const [what, create] of Object.entries(cases))
    it(`are unavailable where they respond with ${what}, and say so without the key`, () =>
      assert.rejects(create().wrap(Buffer.alloc(32, 7), clock), (fault: Error & { code: string; type: string }) => {
        assert.deepEqual({ code: fault.code, type: fault.type }, unavailable);
        return !fault.message.includes("BwcH");
      }));

  it("are waited for so long and no longer", async () => {
    const slow = new TestClock();
    const wrapping = kmsOf(() => new Promise(() => undefined)).wrap(key, slow);
    const rejected = assert.rejects(wrapping, { ...unavailable, message: /did not respond within 5000 ms/ });
    await slow.advanceAsync(5_000);
    await rejected;
  });

  it("by the fetch of Node.js, to a server that is not there", () =>
    assert.rejects(transit({ address: "http://127.0.0.1:1", fetch: undefined }).wrap(key, systemClock), unavailable));
});

describe("Signature Version 4", () => {
  // Of the published test suite of AWS (aws-sig-v4-test-suite), and of the example of its documentation.
  const at = new Date("2015-08-30T12:36:00Z");
  const base = { method: "GET", headers: {}, body: "", service: "service", region: "us-east-1", at, credentials };
  const host = "https://example.amazonaws.com";
  const vectors = [
    ["get-vanilla", {}, "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    [
      "get-vanilla-query-order-key-case",
      {},
      "/?Param2=value2&Param1=value1",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    ["post-vanilla", { method: "POST" }, "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      "post-x-www-form-urlencoded",
      { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "Param1=value1" },
      "/",
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ],
  ] as const;
  for (const [name, more, path, signature] of vectors)
    it(name, () => assert.equal(signV4({ ...base, ...more, url: new URL(host + path) }).authorization?.split("Signature=")[1], signature));

  it("the example of IAM", () => {
    const url = new URL("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08");
    const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    assert.equal(
      signV4({ ...base, url, headers, service: "iam" }).authorization,
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    );
  });
});
