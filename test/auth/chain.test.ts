import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { createApp } from "../../src/app/app.ts";
import { apiKeys, issueApiKey } from "../../src/auth/api-key/api-keys.ts";
import { jwt } from "../../src/auth/jwt.ts";
import { systemClock } from "../../src/core/clock.ts";
import { http } from "../../src/http/http.ts";
import { role } from "../../src/operation/access.ts";
import type { Actor, Authenticator } from "../../src/operation/actor.ts";
import { chain } from "../../src/operation/authentication/chain.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";
import { authenticationConformance } from "../../src/testing/conformance/authentication.ts";
import { serve } from "../e2e/http/app.ts";
import { audience, claimsAt, issuer, makeToken, secret } from "./tokens.ts";
import { sign, signedHeader } from "./toy/signed-header.ts";

const { key, id, hash } = issueApiKey("shop");
const service: Actor = { id: "robot", kind: "service", roles: ["clerk"], tenant: undefined, claims: {} };
const keys = apiKeys({ prefix: "shop", find: (asked) => (asked === id ? { hashes: [hash], actor: service } : undefined) });
const tokens = jwt({ keys: [{ algorithm: "HS256", secret }], issuer, audience });
const toy = signedHeader("the toy's key");
const all: readonly [Authenticator, ...Authenticator[]] = [keys, tokens, toy];

const token = (claims: object = {}) => makeToken({ claims: claimsAt({ roles: ["clerk"], ...claims }, systemClock.now()) });
const headers = { key: `Bearer ${key}`, token: `Bearer ${token()}`, toy: `Toy tim:${sign("the toy's key", "tim")}` };

for (const [scheme, header, actorId, bad] of [
  ["an API key", headers.key, "robot", "Bearer shop_guessed"],
  ["a token", headers.token, "ann", `Bearer ${token({ aud: "other" })}`],
  ["a signed header", headers.toy, "tim", "Toy tim:00"],
] as const)
  for (const { name, run } of authenticationConformance({ authenticator: chain(all), good: { header, actorId }, bad: [bad] }))
    it(`several schemes, by ${scheme}: ${name}`, run);

const whoAmI = action("t.me", {
  input: z.object({}),
  output: z.object({ id: z.string() }),
  access: role("clerk"),
  idempotent: "natural",
  budget: "5s",
  http: "POST /me",
  run: async (_input, { actor }) => ({ id: actor.id }),
});

describe("an app with several schemes", () => {
  const ask = async (authorization: string | undefined) => {
    await using served = await serve([whoAmI], { authentication: all });
    const sent = { method: "POST", headers: { ...(authorization !== undefined && { authorization }) } };
    const wire = await fetch(`http://127.0.0.1:${served.port}/me`, sent);
    const direct = await served.app.fetch(new Request("http://t/me", sent));
    assert.equal(wire.status, direct.status);
    return {
      status: wire.status,
      challenge: wire.headers.get("www-authenticate"),
      body: (await wire.json()) as { id?: string; type?: string },
    };
  };

  for (const [what, header, caller] of [
    ["an API key", headers.key, "robot"],
    ["a token", headers.token, "ann"],
    ["a signed header", headers.toy, "tim"],
  ] as const)
    it(`takes ${what}`, async () => assert.equal((await ask(header)).body.id, caller));

  it("challenges by all of them, where none was used", async () => {
    const { status, challenge } = await ask(undefined);
    assert.deepEqual([status, challenge], [401, 'Bearer, Toy error="signature_missing"']);
  });

  it("says of the one that refused that it did, and no other is tried", async () => {
    const { status, challenge, body } = await ask("Bearer shop_guessed");
    assert.deepEqual([status, body.type], [401, "urn:plimsoll:token_invalid"]);
    assert.match(challenge ?? "", /^Bearer error="invalid_token", Toy /);
  });

  it("says so also where another of the same name comes first", async () => {
    const { challenge } = await ask(`Bearer ${token({ aud: "other" })}`);
    assert.match(challenge ?? "", /^Bearer error="invalid_token", Toy /);
  });

  it("refuses a header of no scheme", async () => assert.equal((await ask("Basic YTpi")).status, 401));

  it("keeps what it verified with the connection, whichever scheme it was", async () => {
    await using served = await serve([whoAmI], { authentication: all });
    const wire = await served.wire();
    for (const header of [headers.key, headers.token, headers.key, headers.toy, headers.token]) {
      wire.send(`POST /me HTTP/1.1\r\nhost: x\r\nauthorization: ${header}\r\ncontent-length: 0\r\n\r\n`);
      const seen = await wire.next();
      assert.equal(seen?.json.id, { [headers.key]: "robot", [headers.token]: "ann", [headers.toy]: "tim" }[header]);
    }
  });

  it("describes each in its document, and any of them for an operation", async () => {
    const app = createApp({
      modules: [module("t", { operations: [whoAmI] })],
      authentication: all,
      surfaces: [http({ port: false, documents: true })],
    });
    await app.start();
    const document = (await (await app.fetch(new Request("http://t/openapi.json"))).json()) as {
      readonly components: { readonly securitySchemes: Readonly<Record<string, { readonly type: string }>> };
      readonly paths: Readonly<Record<string, { readonly post: { readonly security: unknown } }>>;
    };
    assert.deepEqual(Object.keys(document.components.securitySchemes), ["apiKey", "bearer", "toy"]);
    assert.deepEqual(document.paths["/me"]?.post.security, [{ apiKey: [] }, { bearer: [] }, { toy: [] }]);
    await app.stop();
  });

  it("does not start with two schemes of one name", () =>
    assert.throws(() => createApp({ modules: [], authentication: [tokens, tokens] }), /two schemes of one name: bearer, bearer/));
});
