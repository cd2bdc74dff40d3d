// One service of the shop, as main.ts starts it: node --conditions=source examples/shop/services/service.ts
import { join } from "node:path";
import { embedded } from "plimsoll/embedded";
import { postgres } from "plimsoll/postgres";
import { logs } from "plimsoll/telemetry";
import type { ProviderAccess } from "../payments/adapter.ts";
import { endOnFault } from "../settings.ts";
import { createAdmin, createGateway, createService, type ServiceName, type ServiceSpec } from "./services.ts";

/** What a service is given by who starts it, in `SERVICE`. */
export interface Given extends Omit<ServiceSpec, "database" | "telemetry" | "clock" | "pays"> {
  readonly pays?: ProviderAccess;
  readonly name: ServiceName;
  readonly directory: string;
  /** *Default*: the embedded PostgreSQL in the folder. */
  readonly database?: { readonly url: string; readonly adminUrl: string };
}

const given = JSON.parse(process.env.SERVICE ?? "{}") as Given;
const { name, directory, database, ...spec } = given;
const logsOf = (app: string) => [logs({ destination: { file: join(directory, `${app}.log`) } })];
const connections = 6;

if (name === "gateway") {
  for (const app of [createGateway({ ...spec, telemetry: logsOf(name) }), createAdmin({ ...spec, telemetry: logsOf("admin") })])
    await app.start().catch(endOnFault);
} else {
  const source = database
    ? postgres({ ...database, connections })
    : embedded({ directory: join(directory, "postgres"), keepRunning: true, connections });
  await createService(name, { ...spec, database: source, telemetry: logsOf(name) })
    .start()
    .catch(endOnFault);
}
process.send?.("serving");
// Who started it is gone.
process.on("disconnect", () => process.exit(0));
