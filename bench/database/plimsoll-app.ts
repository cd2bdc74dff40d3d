import { type App, createApp, type Module } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import type { Target } from "../harness/contender.ts";
import { actorId, tenant } from "./work.ts";

/** Who asks in the database benches. */
export const actor = { id: actorId, kind: "user", roles: ["customer"], tenant, claims: {} } as const;

/** An app on the bench's database, asked from its own process: the pipeline is whole, only HTTP is missing. */
export async function startApp(module: Module, { url, adminUrl, connections }: Target): Promise<App> {
  const app = createApp({
    service: { name: "bench", version: "1.0.0" },
    modules: [module],
    database: postgres({ url, adminUrl, connections }),
    tenancy: { description: "the actor's", tenantOf: (asks) => asks.tenant },
    rateLimit: { perSecond: 1_000_000_000 },
  });
  await app.start();
  return app;
}
