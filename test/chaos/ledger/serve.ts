// The process that is killed: the ledger over HTTP, or a worker for its tasks, on an embedded PostgreSQL. Prints one line when it serves.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createApp, override } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { http } from "plimsoll/http";
import { providerGateway } from "../../../examples/shop/payments/adapter.ts";
import { gateway } from "../../../examples/shop/payments/gateway.ts";
import type { Actor } from "../../../src/operation/actor.ts";
import { bearer } from "../../../src/operation/authentication/bearer.ts";
import { ledgerModule } from "./ledger.ts";
import { type PlantedName, plantedBug } from "./planted.ts";

const { DIRECTORY: directory = "", PORT: port = "0", ROLE: role = "http", PLANTED: planted, PROVIDER_URL: providerUrl } = process.env;
const client: Actor = Object.freeze({ id: "client", kind: "service", roles: [], tenant: "acme", claims: {} });
const databaseUrl = () => {
  const [, , , databasePort] = readFileSync(join(directory, "postgres", "postmaster.pid"), "latin1").split("\n");
  return `postgres://postgres@127.0.0.1:${databasePort}/postgres`;
};

const app = createApp({
  modules: [
    ledgerModule(planted === undefined ? undefined : plantedBug(planted as PlantedName, databaseUrl), {
      hasNewKeys: planted === "charge-by-new-key",
    }),
  ],
  database: embedded({ directory, connections: 6 }),
  authentication: { ...bearer, document: {}, authenticate: () => client, remembered: () => undefined },
  tenancy: { description: "of the actor", tenantOf: (actor) => actor.tenant },
  ...(role === "worker" ? { roles: ["worker"] } : { roles: ["serve"], surfaces: [http({ port: Number(port), host: "127.0.0.1" })] }),
  ...(providerUrl && {
    provide: [override(gateway, providerGateway({ url: providerUrl, allow: ["127.0.0.1"], secret: "none", timeoutMs: 500 }))],
  }),
  rateLimit: { perSecond: 0 },
});
await app.start();
process.stdout.write("serving\n");
