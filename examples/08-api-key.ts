// Credentials of your own: API keys. Run it with: node --conditions=source examples/08-api-key.ts
import { createHash } from "node:crypto";
import { type Actor, action, authenticator, badCredential, createApp, module, role } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const hashOf = (key: string) => createHash("sha256").update(key).digest("hex");

const client = (id: string, ...roles: readonly string[]): Actor => ({ id, kind: "service", roles, tenant: undefined, claims: {} });

/** Only hashes are stored, so reading them reveals no key. A key of 32 random bytes needs no slow hash; a password does. */
const clients = new Map([
  [hashOf("key-of-the-reader"), client("reader-7", "reports")],
  [hashOf("key-of-the-writer"), client("writer-1", "uploads")],
]);

export const apiKeys = authenticator({
  description: "An API key, as in: Authorization: Bearer <key>",
  authenticate: (key) => clients.get(hashOf(key)) ?? badCredential("The API key is unknown. Ask for a new one, or check the one you sent."),
});

export const readReport = action("reports.read", {
  input: z.object({}),
  output: z.object({ readBy: z.string() }),
  access: role("reports"),
  idempotent: "natural",
  budget: "1s",
  http: "POST /v1/reports/read",
  run: async (_input, { actor }) => ({ readBy: actor.id }),
});

if (import.meta.main) {
  const app = createApp({
    modules: [module("reports", { operations: [readReport] })],
    authentication: apiKeys,
    surfaces: [http({ port: 0 })],
  });
  await app.start();
  const ask = async (headers: Record<string, string>) => {
    const response = await app.fetch(new Request("http://reports/v1/reports/read", { method: "POST", headers }));
    return { status: response.status, body: (await response.json()) as { type: string; detail: string; readBy: string } };
  };
  const anonymous = await ask({});
  console.log(`no key: ${anonymous.status} ${anonymous.body.type.split(":").at(-1)}`);
  const wrong = await ask({ authorization: "Bearer guessed" });
  console.log(`a wrong key: ${wrong.status} ${wrong.body.detail}`);
  const reader = await ask({ authorization: "Bearer key-of-the-reader" });
  console.log(`the reader: ${reader.status} read by ${reader.body.readBy}`);
  const writer = await ask({ authorization: "Bearer key-of-the-writer" });
  console.log(`the writer: ${writer.status} ${writer.body.type.split(":").at(-1)}`);
  await app.stop();
}
