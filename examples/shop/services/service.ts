// One service of the shop, as main.ts starts it: node --conditions=source examples/shop/services/service.ts
import { join } from "node:path";
import { embedded } from "plimsoll/embedded";
import { postgres } from "plimsoll/postgres";
import { logs, prometheus } from "plimsoll/telemetry";
import { failFirstAttempts } from "../crunch/chaos.ts";
import type { ProviderAccess } from "../payments/adapter.ts";
import { endOnFault } from "../settings.ts";
import { sharedIn } from "../shared.ts";
import { createAdmin, createGateway, createOneDoor } from "./gateways.ts";
import { createService, type ServiceName, type ServiceSpec } from "./services.ts";

/** What a service is given by who starts it, in `SERVICE`. */
export interface Given extends Omit<ServiceSpec, "database" | "telemetry" | "clock" | "pays" | "chaos" | "rateLimit" | "cache"> {
  readonly pays?: ProviderAccess;
  readonly name: ServiceName;
  readonly directory: string;
  /** *Default*: the embedded PostgreSQL in the folder. */
  readonly database?: { readonly url: string; readonly adminUrl: string };
  /** The Redis in which services count their rates and keep cached values together. *Default*: each does for itself. */
  readonly redis?: { readonly url: string; readonly prefix?: string };
  /** The share of items whose first attempt to be crunched fails on purpose. *Default*: 0. */
  readonly crunchFailures?: number;
  /** Whether customers, administrators and browsers use one address. *Default*: administrators have an API of their own, and browsers no sessions. */
  readonly oneDoor?: boolean;
}

const given = JSON.parse(process.env.SERVICE ?? "{}") as Given;
const { name, directory, database, redis, crunchFailures = 0, oneDoor = false, ...rest } = given;
const logsOf = (app: string) => [logs({ destination: { file: join(directory, `${app}.log`) } }), prometheus()];
const connections = 6;

const source = database
  ? postgres({ ...database, connections })
  : embedded({ directory: join(directory, "postgres"), keepRunning: true, connections });
const shared = redis && sharedIn(redis.url, redis.prefix);
const spec = { ...rest, ...shared, database: source, chaos: failFirstAttempts(crunchFailures), telemetry: logsOf(name) };

function compose() {
  if (name !== "gateway") return [createService(name, spec)];
  return oneDoor ? [createOneDoor(spec)] : [createGateway(spec), createAdmin({ ...spec, telemetry: logsOf("admin") })];
}

for (const app of compose()) await app.start().catch(endOnFault);
process.send?.("serving");
// Who started it is gone.
process.on("disconnect", () => process.exit(0));
