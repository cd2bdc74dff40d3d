import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { role, signedIn } from "../../src/operation/access.ts";
import { claim } from "../../src/operation/actor.ts";
import { action } from "../../src/operation/online/action.ts";
import { claimsAt, encode, hs256, makeToken, otherSecret, secret, setUp, startMs } from "../auth/tokens.ts";
import { type Served, serve } from "./http/app.ts";
import { requestText, type WireResponse } from "./http/client.ts";

const output = z.object({ id: z.string(), tenant: z.string().optional() });
const run = async (_: unknown, { actor, tenant }: { actor: { id: string }; tenant: string | undefined }) => ({ id: actor.id, tenant });
const common = { input: z.object({}), output, budget: "5s", idempotent: "natural", run } as const;
const operations = [
  action("t.own", { ...common, access: signedIn(), http: "POST /own" }),
  action("t.staff", { ...common, access: role("administrator"), http: "POST /staff" }),
  action("t.open", { ...common, access: "public", http: "POST /open" }),
];

/** What belongs to us alone, or to a library below us. */
const internal = /jose|JWT|JWS|secret|node_modules|src\/|\.ts\b|stack|Error:|HMAC|HS256|at\s+\w+\s+\(/i;

function assertRefused(response: WireResponse, type: string, challenge: string): void {
  assert.equal(response.status, 401, response.body);
  assert.equal(response.headers["www-authenticate"], challenge);
  assert.equal(response.headers["content-type"], "application/problem+json");
  assert.equal(response.headers["cache-control"], "no-store");
  assert.deepEqual([response.json.code, response.json.type], ["unauthenticated", `urn:plimsoll:${type}`]);
  assert.doesNotMatch(response.body, internal);
}

describe("tokens over HTTP", () => {
  const { authenticator } = setUp();
  const good = makeToken();
  const [header, payload, signature] = good.split(".") as [string, string, string];
  let served: Served;
  before(async () => {
    served = await serve(operations, { authentication: authenticator, tenancy: claim("tid") });
  });
  after(() => served[Symbol.asyncDispose]());

  const bearer = (token: string) => `authorization: Bearer ${token}\r\n`;
  const send = async (target: string, lines: string) => {
    const wire = await served.wire();
    const response = await wire.send(`POST ${target} HTTP/1.1\r\nhost: test\r\n${lines}\r\n`).next();
    wire.close();
    assert.ok(response);
    return response;
  };

  it("lets a good token in, on a connection that is used again too", async () => {
    const wire = await served.wire();
    for (let i = 0; i < 3; i++) {
      const { status, json } = await wire.ask(requestText("POST", "/own", { headers: { authorization: `Bearer ${good}` } }).toString());
      assert.deepEqual([status, json], [200, { id: "ann", tenant: "acme" }]);
    }
    // What the connection remembers must not stand for another token, nor for none.
    assertRefused(
      await wire.ask(requestText("POST", "/own", { headers: { authorization: `Bearer ${good}x` } }).toString()),
      "token_invalid",
      'Bearer error="invalid_token"',
    );
    assertRefused(await wire.ask(requestText("POST", "/own").toString()), "token_missing", "Bearer");
    wire.close();
  });

  it("takes the scheme in any case", async () => {
    assert.equal((await send("/own", `Authorization: bearer ${good}\r\n`)).status, 200);
    assert.equal((await send("/own", `AUTHORIZATION: BEARER ${good}\r\n`)).status, 200);
  });

  it("answers 401 with a bare challenge where no token came, and 403 where the actor may not", async () => {
    assertRefused(await send("/own", ""), "token_missing", "Bearer");
    const denied = await send("/staff", bearer(good));
    assert.deepEqual([denied.status, denied.json.code], [403, "permission_denied"]);
    assert.equal(denied.headers["www-authenticate"], undefined);
  });

  const expired = makeToken({ claims: claimsAt({ exp: startMs / 1_000 - 60 }) });
  const none = `${encode({ alg: "none", typ: "JWT" })}.${payload}.`;
  const refused: readonly (readonly [why: string, lines: string, type: string])[] = [
    ["expired", bearer(expired), "token_expired"],
    ["not valid yet", bearer(makeToken({ claims: claimsAt({ nbf: startMs / 1_000 + 3_600 }) })), "token_not_yet_valid"],
    ["without an end", bearer(makeToken({ claims: claimsAt({ exp: undefined }) })), "token_invalid"],
    ["of another issuer", bearer(makeToken({ claims: claimsAt({ iss: "https://evil.test" }) })), "token_invalid"],
    ["for another audience", bearer(makeToken({ claims: claimsAt({ aud: "other" }) })), "token_invalid"],
    ["signed with another secret", bearer(makeToken({ signer: hs256(otherSecret) })), "token_invalid"],
    ["with other claims under the same signature", bearer(`${header}.${encode(claimsAt({ sub: "eve" }))}.${signature}`), "token_invalid"],
    ["without a signature", bearer(none), "token_invalid"],
    ["of alg none with a signature", bearer(makeToken({ header: { alg: "none" } })), "token_invalid"],
    ["of alg None with the signature cut off", bearer(`${encode({ alg: "None" })}.${payload}.AA`), "token_invalid"],
    [
      "of another HMAC",
      bearer(makeToken({ header: { alg: "HS512" }, signer: (text) => createHmac("sha512", secret).update(text).digest() })),
      "token_invalid",
    ],
    ["with padding", bearer(`${good}=`), "token_invalid"],
    ["with bits that decoding drops", bearer(`${header}.${payload}.${respelt(signature)}`), "token_invalid"],
    ["in plain base64", bearer(`${header}.${payload}.${Buffer.from(signature, "base64url").toString("base64")}`), "token_invalid"],
    ["with a space inside", bearer(`${header}. ${payload}.${signature}`), "token_invalid"],
    ["with a fourth part", bearer(`${good}.${signature}`), "token_invalid"],
    ["of nothing", "authorization: Bearer \r\n", "token_invalid"],
    ["of nothing, without a space", "authorization: Bearer\r\n", "token_invalid"],
    ["of no scheme", `authorization: ${good}\r\n`, "token_invalid"],
    ["of Basic", "authorization: Basic YW5uOnBhc3N3b3Jk\r\n", "token_invalid"],
    ["of a scheme that begins alike", `authorization: Bearerx ${good}\r\n`, "token_invalid"],
    ["empty", "authorization: \r\n", "token_invalid"],
    ["good, twice", bearer(good) + bearer(good), "token_invalid"],
    ["good, after a bad one", bearer("x.y.z") + bearer(good), "token_invalid"],
    ["good, before an empty one", `${bearer(good)}authorization:\r\n`, "token_invalid"],
    ["good three times", bearer(good) + bearer(good) + bearer(good), "token_invalid"],
    ["good, and another behind a comma", `authorization: Bearer ${good}, Bearer ${good}\r\n`, "token_invalid"],
    ["too long", bearer("a".repeat(8_193)), "token_too_long"],
  ];
  for (const [why, lines, type] of refused) {
    for (const target of ["/own", "/open"]) {
      it(`refuses a token ${why} at ${target}`, async () => assertRefused(await send(target, lines), type, 'Bearer error="invalid_token"'));
    }
  }

  it("does not tell a wrong signature from a key that is not ours", async () => {
    const forged = await send("/own", bearer(makeToken({ signer: hs256(otherSecret) })));
    const unknown = await send("/own", bearer(makeToken({ header: { alg: "HS256", kid: "2" } })));
    const { requestId: _, ...first } = forged.json;
    const { requestId: __, ...second } = unknown.json;
    assert.deepEqual(first, second);
  });

  it("serves a public operation to a caller without a token", async () => {
    const { status, json } = await send("/open", "");
    assert.deepEqual([status, json], [200, { id: "anonymous" }]);
  });
});

/** The same bytes with other bits at the end, which decoders drop. */
function respelt(part: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(part.at(-1) ?? "");
  const other = `${part.slice(0, -1)}${alphabet[last ^ 1]}`;
  assert.deepEqual(Buffer.from(other, "base64url"), Buffer.from(part, "base64url"), "the last character has spare bits");
  return other;
}
