// API keys beside the tokens of people. Run it with: node --conditions=source examples/callers/api-keys.ts
import { action, createApp, module, role } from "plimsoll";
import { apiKeys, issueApiKey, jwt, type StoredApiKey } from "plimsoll/auth";
import { http } from "plimsoll/http";
import { z } from "zod";

/** Keep them in a table: a query finds them by `app.call(findKey, { id }, { actor: system })`. */
export const stored = new Map<string, StoredApiKey>();

export function addKey(client: string, roles: readonly string[]): string {
  const { key, id, hash } = issueApiKey("shop");
  stored.set(id, { hashes: [hash], actor: { id: client, kind: "service", roles, tenant: undefined, claims: {} } });
  return key;
}

const readReport = action("reports.read", {
  ...{ input: z.object({}), output: z.object({ readBy: z.string() }), access: role("reports"), idempotent: "natural" },
  ...{ budget: "1s", http: "POST /v1/reports/read" },
  run: async (_input, { actor }) => ({ readBy: actor.id }),
});

export const app = createApp({
  modules: [module("reports", { operations: [readReport] })],
  authentication: [
    apiKeys({ prefix: "shop", find: (id) => stored.get(id) }),
    jwt({ keys: [{ algorithm: "HS256", secret: "kT8w2ZpQ5vX1mB9rL4sN7cD0yH3jF6gA" }], issuer: "shop", audience: "shop" }),
  ],
  surfaces: [http({ port: 0 })],
});

if (import.meta.main) {
  await app.start();
  const ask = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    const { status } = await app.fetch(new Request("http://reports/v1/reports/read", { method: "POST", headers }));
    console.log(`${key.slice(0, 5)}…: ${status}`);
  };
  await ask(addKey("reader-7", ["reports"]));
  await ask(addKey("writer-1", ["uploads"]));
  await ask("shop_guessed");
  await app.stop();
}
