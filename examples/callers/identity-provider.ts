// Tokens of an identity provider, whose keys the app fetches. Run it with: node --conditions=source examples/callers/identity-provider.ts
import { generateKeyPairSync, type JsonWebKey, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { action, createApp, module, signedIn } from "plimsoll";
import { jwks, jwt } from "plimsoll/auth";
import { http } from "plimsoll/http";
import { z } from "zod";

const whoAmI = action("me.read", {
  ...{ input: z.object({}), output: z.object({ id: z.string(), roles: z.array(z.string()) }), idempotent: "natural" },
  ...{ access: signedIn(), budget: "1s", http: "POST /v1/me" },
  run: async (_input, { actor }) => ({ id: actor.id, roles: [...actor.roles] }),
});

/** The app of a team that signs in with OpenID Connect. */
export const appFor = (issuer: string) =>
  createApp({
    modules: [module("me", { operations: [whoAmI] })],
    authentication: jwt({ keys: jwks(), issuer, audience: "me", rolesClaim: "groups" }),
    surfaces: [http({ port: 0 })],
  });

if (import.meta.main) {
  // The provider of this example: it publishes a key under a new id when it rotates.
  let published: readonly JsonWebKey[] = [];
  const provider = createServer(({ url = "" }, response) => {
    const document = url.startsWith("/.well-known/") ? { issuer, jwks_uri: `${issuer}/keys` } : { keys: published };
    response.end(JSON.stringify(document));
  }).listen(0, "127.0.0.1");
  await once(provider, "listening");
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  published = [{ ...publicKey.export({ format: "jwk" }), kid: "2026-11", use: "sig", alg: "RS256" }];

  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const tokenOf = (kid: string, claims: object) => {
    const text = `${encode({ alg: "RS256", kid })}.${encode({ iss: issuer, aud: "me", exp: Date.now() / 1_000 + 60, ...claims })}`;
    return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
  };
  const app = appFor(issuer);
  await app.start();
  const ask = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await app.fetch(new Request("http://me/v1/me", { method: "POST", headers }));
    const { id, type } = (await response.json()) as { readonly id?: string; readonly type?: string };
    console.log(response.status, id ?? type?.split(":").at(-1));
  };
  await ask(tokenOf("2026-11", { sub: "ann", groups: ["staff"] }));
  await ask(tokenOf("made-up", { sub: "ann" }));
  await app.stop();
  provider.close();
}
