// Signing out everywhere: what was revoked is refused by all processes within a second. Run it with: node --conditions=source examples/callers/revoke.ts
import { command, createApp, module, signedIn } from "plimsoll";
import { jwt, jwtIssuer } from "plimsoll/auth";
import { embedded } from "plimsoll/embedded";
import { http } from "plimsoll/http";
import { z } from "zod";

const signOut = command("sessions.end", {
  ...{ input: z.object({ everywhere: z.boolean() }), output: z.object({}), access: signedIn(), idempotent: "natural", budget: "2s" },
  http: "POST /v1/sessions/end",
  async run({ everywhere }, { actor, revoke }) {
    await revoke(everywhere ? { user: actor.id } : { session: String(actor.claims.jti) });
    return {};
  },
});

const signing = { key: { algorithm: "HS256", secret: "kT8w2ZpQ5vX1mB9rL4sN7cD0yH3jF6gA" }, issuer: "shop", audience: "shop" } as const;

if (import.meta.main) {
  const app = createApp({
    modules: [module("sessions", { operations: [signOut] })],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
    authentication: jwt({ keys: [signing.key], ...signing }),
    revocations: { withoutList: "refuse", longestToken: "1h" },
    surfaces: [http({ port: 0 })],
  });
  await app.start();
  const { token } = await jwtIssuer({ ...signing, ttl: "1h" }).sign({ subject: "ann" });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const ask = () => app.fetch(new Request("http://shop/v1/sessions/end", { method: "POST", headers, body: '{"everywhere":false}' }));
  console.log(`signed out: ${(await ask()).status}`);
  let again = await ask();
  for (let tries = 0; again.status === 204 && tries < 1_000; tries++) again = await ask();
  const { type } = (await again.json()) as { readonly type: string };
  console.log(`the same token: ${again.status} ${type.slice("urn:plimsoll:".length)}`);
  await app.stop();
}
