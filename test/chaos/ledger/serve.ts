// The process that is killed: the ledger over HTTP, or a worker for its tasks, on an embedded PostgreSQL. Prints one line when it serves.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createApp } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { http } from "plimsoll/http";
import type { Actor } from "../../../src/operation/actor.ts";
import { bearer } from "../../../src/operation/authentication/bearer.ts";
import { ledgerModule } from "./ledger.ts";
import { type PlantedName, plantedBug } from "./planted.ts";

const { DIRECTORY: directory = "", PORT: port = "0", ROLE: role = "http", PLANTED: planted } = process.env;
const client: Actor = Object.freeze({ id: "client", kind: "service", roles: [], tenant: "acme", claims: {} });
const databaseUrl = () => {
  const [, , , databasePort] = readFileSync(join(directory, "postgres", "postmaster.pid"), "latin1").split("\n");
  return `postgres://postgres@127.0.0.1:${databasePort}/postgres`;
};

const app = createApp({
  modules: [ledgerModule(planted === undefined ? undefined : plantedBug(planted as PlantedName, databaseUrl))],
  database: embedded({ directory, connections: 6 }),
  authentication: { ...bearer, document: {}, authenticate: () => client, remembered: () => undefined },
  tenancy: { description: "of the actor", tenantOf: (actor) => actor.tenant },
  ...(role === "worker" ? { roles: ["worker"] } : { roles: ["serve"], surfaces: [http({ port: Number(port), host: "127.0.0.1" })] }),
  rateLimit: { perSecond: 0 },
});
await app.start();
process.stdout.write("serving\n");
