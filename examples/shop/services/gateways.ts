import { type App, claim, createApp, type Module, module } from "plimsoll";
import { jwt, jwtIssuer } from "plimsoll/auth";
import { http } from "plimsoll/http";
import { remote } from "plimsoll/remote";
import { session } from "../identity/browser-contract.ts";
import { edgesOf, host, issuer, keyOf, keysOf, lock, type Part, parts, type ServiceSpec } from "./services.ts";
import { storefront } from "./storefront/module.ts";

/** The API of the shop: it has no module of its own but the storefront, and no database. */
export function createGateway({ secret, urls, port, tls, opsPorts, telemetry }: ServiceSpec): App {
  return createApp({
    service: { name: "shop-gateway", version: "1.0.0" },
    modules: [...remotes({ secret, urls }, (entry) => !isForAdministrators(entry)), storefront],
    tenancy: claim("tid"),
    authentication: jwt({ keys: [keyOf(secret)], issuer, audience: "shop" }),
    surfaces: [http({ port, host, documents: true, ...(tls && { tls }) })],
    ops: { port: opsPorts.gateway },
    ...(telemetry && { telemetry }),
  });
}

/** The API for administrators, on a port and with tokens of its own: a token of the shop opens nothing here. */
export function createAdmin({ secret, urls, adminPort, telemetry }: ServiceSpec): App {
  return createApp({
    service: { name: "shop-admin", version: "1.0.0" },
    modules: remotes({ secret, urls }, isForAdministrators),
    tenancy: claim("tid"),
    authentication: jwt({ keys: [keyOf(secret)], issuer, audience: "shop-admin" }),
    surfaces: [http({ port: adminPort, host })],
    ...(telemetry && { telemetry }),
  });
}

/**
 * One door for all, with the API of the shop in one process: customers, administrators and browsers use the same address and the same tokens. It has the
 * database, in which the sessions of browsers are.
 */
export function createOneDoor(spec: ServiceSpec): App {
  const { secret, urls, port, tls, opsPorts } = spec;
  return createApp({
    service: { name: "shop", version: "1.0.0" },
    modules: [...remotes({ secret, urls }, () => true), storefront],
    tenancy: claim("tid"),
    authentication: [jwt({ keys: [keyOf(secret)], issuer, audience: "shop" }), session],
    surfaces: [http({ port, host, documents: true, ...(tls && { tls }) })],
    ops: { port: opsPorts.gateway },
    ...edgesOf(spec),
  });
}

/** Signs a token for the API of administrators. */
export async function adminToken(secret: string, tenant: string): Promise<string> {
  const signer = jwtIssuer({ key: keyOf(secret), issuer, audience: "shop-admin", ttl: "1h" });
  return (await signer.sign({ subject: "desk", tenant, roles: ["administrator"] })).token;
}

type Entry = Module["operations"][number];
const contractOf = (entry: Entry) => (entry.kind === "implementation" ? entry.operation : entry);

function isForAdministrators(entry: Entry): boolean {
  const { access } = contractOf(entry).spec;
  return access !== "public" && access.roles?.includes("administrator") === true && !access.roles.includes("customer");
}

function remotes({ secret, urls }: Pick<ServiceSpec, "secret" | "urls">, serves: (entry: Entry) => boolean): readonly Module[] {
  return Object.entries(parts).flatMap(([name, modules]) =>
    modules.map((one: Module) =>
      remote(module(one.name, { operations: one.operations.filter(serves) }), { url: urls[name as Part], keys: keysOf(secret), lock }),
    ),
  );
}
