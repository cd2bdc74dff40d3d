// Sign in with a session in a cookie. Run it with: node --conditions=source examples/callers/sign-in-cookie.ts
import { action, command, createApp, module, signedIn } from "plimsoll";
import { hashPassword, sessions, verifyPassword } from "plimsoll/auth";
import { embedded } from "plimsoll/embedded";
import { http } from "plimsoll/http";
import { z } from "zod";

const session = sessions({ idle: "30m" });
const none = z.object({});
const users = new Map([["ann", await hashPassword("correct horse")]]);

const open = command("desk.open", {
  ...{ input: z.object({ user: z.string() }), output: none, access: "public", idempotent: "no", budget: "1s" },
  run: async ({ user }, scope) => session.start(scope, { id: user }).then(() => ({})),
});
const signIn = action("desk.sign-in", {
  ...{ input: z.object({ user: z.string(), password: z.string() }), output: z.object({ ok: z.boolean() }), access: "public" },
  ...{ idempotent: "no", budget: "5s", http: "POST /v1/sign-in" },
  async run({ user, password }, { call, signal }) {
    const ok = await verifyPassword(users.get(user), password, { signal });
    if (ok) await call(open, { user });
    return { ok };
  },
});
const write = command("desk.write", {
  ...{ input: none, output: z.object({ by: z.string() }), access: signedIn(), idempotent: "no", budget: "1s", http: "POST /v1/notes" },
  run: async (_, { actor }) => ({ by: actor.id }),
});
const operations = [open, signIn, write];
const database = embedded({ directory: process.env.DATA_DIR ?? ".data/examples" });
const app = createApp({ modules: [module("desk", { operations })], database, authentication: session, surfaces: [http({ port: 0 })] });
await app.start();
const post = (path: string, body: string, headers: Record<string, string>) =>
  app.fetch(new Request(`http://desk${path}`, { method: "POST", body, headers: { "content-type": "application/json", ...headers } }));
const cookie = (await post("/v1/sign-in", '{"user":"ann","password":"correct horse"}', {})).headers.get("set-cookie")?.split(";")[0] ?? "";
for (const site of ["same-origin", "cross-site"])
  console.log(`${site}: ${(await post("/v1/notes", "{}", { cookie, "sec-fetch-site": site })).status}`);
await app.stop();
