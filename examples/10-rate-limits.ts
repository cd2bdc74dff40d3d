// Rates of one operation. Run it with: node --conditions=source examples/10-rate-limits.ts
import { type Actor, action, authenticator, createApp, module, rateLimit, signedIn } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const invite = action("team.invite", {
  input: z.object({ email: z.email().toLowerCase() }),
  output: z.object({}),
  access: signedIn(),
  idempotent: "no",
  budget: {
    deadline: "2s",
    rate: [
      rateLimit({ per: "tenant", limit: 1_000, period: "1h" }),
      rateLimit({ per: "actor", limit: 5, burst: 2, period: "1m" }),
      rateLimit({ per: ({ email }: { email: string }) => email, limit: 1, period: "10m" }),
    ],
  },
  http: "POST /v1/invitations",
  run: async () => ({}),
});

const ada: Actor = { id: "ada", kind: "user", roles: [], tenant: undefined, claims: {} };

if (import.meta.main) {
  const app = createApp({
    modules: [module("team", { operations: [invite] })],
    authentication: authenticator({ authenticate: () => ada }),
    surfaces: [http({ port: false })],
  });
  await app.start();
  for (const email of ["ben@example.com", "BEN@example.com", "cid@example.com", "dan@example.com"]) {
    const response = await app.fetch(
      new Request("http://team/v1/invitations", {
        method: "POST",
        headers: { authorization: "Bearer ada", "content-type": "application/json" },
        body: JSON.stringify({ email }),
      }),
      { address: "203.0.113.7" },
    );
    const { details } = response.status === 429 ? ((await response.json()) as { details: { limit: string } }) : {};
    console.log(`${email}: ${response.status}${details === undefined ? "" : `, ${details.limit}`}`);
  }
  await app.stop();
}
