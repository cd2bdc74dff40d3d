import { type App, type AppSpec, claim, createApp, type Module, module, override } from "plimsoll";
import { jwt, jwtIssuer, signInGuard } from "plimsoll/auth";
import { grpc } from "plimsoll/grpc";
import { http } from "plimsoll/http";
import { type InternalKey, internalCalls, remote } from "plimsoll/remote";
import { catalog } from "../catalog/module.ts";
import { crunch } from "../crunch/module.ts";
import { identity } from "../identity/module.ts";
import { guard, pages, tokens } from "../identity/tokens.ts";
import { emlFiles } from "../notifications/eml-files.ts";
import { mailer } from "../notifications/mailer.ts";
import { notifications } from "../notifications/module.ts";
import { orders } from "../orders/module.ts";
import { type ProviderAccess, providerGateway } from "../payments/adapter.ts";
import { type Gateway, gateway } from "../payments/gateway.ts";
import { payments } from "../payments/module.ts";
import { relayClients, upstreams } from "../relay/clients.ts";
import { relay } from "../relay/module.ts";
import { sales } from "../sales/module.ts";
import { storefront } from "./storefront/module.ts";

/** The services that have modules, and which. What shares a transaction is together: an app that would cut one does not start. */
export const parts = {
  identity: [identity],
  orders: [catalog, orders, notifications, sales, crunch, relay],
  payments: [payments],
} as const satisfies Readonly<Record<string, readonly Module[]>>;

export type Part = keyof typeof parts;
export type ServiceName = Part | "gateway";

/** What each part calls in others: receipts ask identity for the address; a checkout asks it for the customer, has stock held, and has an order recorded. */
const called = {
  identity: [],
  orders: [["identity", identity]],
  payments: [
    ["identity", identity],
    ["orders", catalog],
    ["orders", orders],
  ],
} as const satisfies Readonly<Record<Part, readonly (readonly [Part, Module])[]>>;

/** What a service is given: all of them the same secret, database and addresses. */
export interface ServiceSpec extends Pick<AppSpec, "database" | "telemetry" | "clock"> {
  readonly secret: string;
  readonly mailDirectory: string;
  /** Where each part is called, as `http://127.0.0.1:50051`. */
  readonly urls: Readonly<Record<Part, string>>;
  /** Of the API of the gateway. */
  readonly port: number;
  /** Of the API for administrators. */
  readonly adminPort: number;
  /** Who moves money: a provider, or what stands in for it. *Default*: no checkout is paid. */
  readonly pays?: ProviderAccess | Gateway;
}

const host = "127.0.0.1";
// All services are deployed together here: what differs is refused by its fingerprint. Elsewhere contracts.lock.json keeps the numbers.
const lock = false;

const keysOf = (secret: string): readonly InternalKey[] => [{ id: "shop", secret }];

/** Composes one service out of the modules of the shop, none of which knows where it runs. */
export function createService(name: Part, spec: ServiceSpec): App {
  const { secret, urls, mailDirectory, port, pays, ...edges } = { ...spec, adminPort: undefined };
  const keys = keysOf(secret);
  const own: readonly Module[] = parts[name];
  const away = called[name].map(([part, one]: readonly [Part, Module]) => remote(one, { url: urls[part], keys, lock }));
  return createApp({
    service: { name: `shop-${name}`, version: "1.0.0" },
    modules: [...own, ...away],
    tenancy: claim("tid"),
    authentication: internalCalls({ keys }),
    provide: [
      ...(name === "identity" ? forIdentity(secret, port) : []),
      ...(name === "identity" || name === "orders" ? [override(mailer, emlFiles({ directory: mailDirectory }))] : []),
      ...(name === "orders" ? [override(upstreams, relayClients({ urls: {}, allow: [] }))] : []),
      ...(name === "payments" && pays ? [override(gateway, "url" in pays ? providerGateway(pays) : pays)] : []),
    ],
    tasks: { queues: { crunch: { concurrency: 400 }, mail: { concurrency: 4 } } },
    cursors: { key: secret },
    surfaces: [grpc({ port: Number(new URL(urls[name]).port), host, internal: true, lock })],
    ...edges,
  });
}

const issuer = "shop";
const keyOf = (secret: string) => ({ algorithm: "HS256", secret }) as const;

function forIdentity(secret: string, port: number) {
  return [
    override(tokens, jwtIssuer({ key: keyOf(secret), issuer, audience: "shop", ttl: "1h" })),
    override(guard, signInGuard("identity.sign-in", { deviceKey: secret })),
    override(pages, { origin: `http://localhost:${port}` }),
  ];
}

/** The API of the shop: it has no module of its own but the storefront, and no database. */
export function createGateway({ secret, urls, port, telemetry }: ServiceSpec): App {
  return createApp({
    service: { name: "shop-gateway", version: "1.0.0" },
    modules: [...remotes({ secret, urls }, (entry) => !isForAdministrators(entry)), storefront],
    tenancy: claim("tid"),
    authentication: jwt({ keys: [keyOf(secret)], issuer, audience: "shop" }),
    surfaces: [http({ port, host, documents: true })],
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
