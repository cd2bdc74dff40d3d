import { type App, type AppSpec, claim, createApp, type Module, override } from "plimsoll";
import { jwtIssuer, signInGuard } from "plimsoll/auth";
import { grpc } from "plimsoll/grpc";
import { type HttpSpec, http } from "plimsoll/http";
import { type InternalKey, internalCalls, remote } from "plimsoll/remote";
import { catalog } from "../catalog/module.ts";
import { type Chaos, chaos } from "../crunch/chaos.ts";
import { crunch } from "../crunch/module.ts";
import { identity } from "../identity/module.ts";
import { guard, pages, tokens } from "../identity/tokens.ts";
import { emlFiles } from "../notifications/eml-files.ts";
import { mailer } from "../notifications/mailer.ts";
import { notifications } from "../notifications/module.ts";
import { orders } from "../orders/module.ts";
import { type ProviderAccess, providerGateway, providerNotices } from "../payments/adapter.ts";
import { type Gateway, gateway } from "../payments/gateway.ts";
import { payments } from "../payments/module.ts";
import { relayClients, type UpstreamPlaces, upstreams } from "../relay/clients.ts";
import { relay } from "../relay/module.ts";
import { sales } from "../sales/module.ts";

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
export interface ServiceSpec extends Edges {
  readonly secret: string;
  readonly mailDirectory: string;
  /** Whether a part only runs its tasks and sagas, beside the process that also serves it. *Default*: it does both. */
  readonly worksOnly?: boolean;
  /** Where each part is called, as `http://127.0.0.1:50051`. */
  readonly urls: Readonly<Record<Part, string>>;
  /** Of the API of the gateway. */
  readonly port: number;
  /** Where browsers find the gateway, for the links in mail. *Default*: this machine. */
  readonly origin?: string;
  /** Secures the API of the gateway, where no proxy in front does. *Default*: it speaks plain HTTP. */
  readonly tls?: HttpSpec["tls"];
  /** Of the API for administrators. */
  readonly adminPort: number;
  /** Where payments takes the notices of its provider. */
  readonly noticesPort: number;
  /** The ports of health, metrics and limits: those of the parts, and that of the gateway. */
  readonly opsPorts: Readonly<Record<ServiceName, number>>;
  /** Lets attempts to crunch an item fail. *Default*: none. */
  readonly chaos?: Chaos;
  /** What the relay may fetch from. *Default*: nothing. */
  readonly places?: UpstreamPlaces;
  /** Who moves money: a provider, or what stands in for it. *Default*: no checkout is paid. */
  readonly pays?: ProviderAccess | Gateway;
}

/** Where all services listen: none of them is reached from another machine. */
export const host = "127.0.0.1";
/** All services are deployed together here: what differs is refused by its fingerprint. Elsewhere contracts.lock.json keeps the numbers. */
export const lock = false;

export const keysOf = (secret: string): readonly InternalKey[] => [{ id: "shop", secret }];

/** Composes one service out of the modules of the shop, none of which knows where it runs. */
export function createService(name: Part, spec: ServiceSpec): App {
  const { secret, urls, opsPorts, noticesPort, worksOnly = false } = spec;
  const keys = keysOf(secret);
  const own: readonly Module[] = parts[name];
  const away = called[name].map(([part, one]: readonly [Part, Module]) => remote(one, { url: urls[part], keys, lock }));
  const notices = name === "payments" && spec.pays && "url" in spec.pays ? [providerNotices(spec.pays)] : [];
  return createApp({
    service: { name: `shop-${name}`, version: "1.0.0" },
    modules: [...own, ...away, ...notices],
    tenancy: claim("tid"),
    authentication: internalCalls({ keys }),
    provide: provisions[name](spec),
    tasks: { queues: { crunch: { concurrency: 400 }, mail: { concurrency: 4 } } },
    cursors: { key: secret },
    ...(worksOnly
      ? { roles: ["worker"] }
      : {
          surfaces: [
            grpc({ port: Number(new URL(urls[name]).port), host, internal: true, lock }),
            ...(notices.length > 0 ? [http({ port: noticesPort, host })] : []),
          ],
          ops: { port: opsPorts[name] },
        }),
    ...edgesOf(spec),
  });
}

type Edges = Pick<AppSpec, "database" | "telemetry" | "clock" | "rateLimit" | "cache">;

/** What the services have alike. */
export const edgesOf = ({ database, telemetry, clock, rateLimit, cache }: Edges): Edges => ({
  ...(database && { database }),
  ...(telemetry && { telemetry }),
  ...(clock && { clock }),
  ...(rateLimit && { rateLimit }),
  ...(cache && { cache }),
});

export const issuer = "shop";
export const keyOf = (secret: string) => ({ algorithm: "HS256", secret }) as const;

type Provisions = NonNullable<AppSpec["provide"]>;
const mailOf = ({ mailDirectory }: ServiceSpec) => override(mailer, emlFiles({ directory: mailDirectory }));

/** What stands for the outside in each part. */
const provisions: Readonly<Record<Part, (spec: ServiceSpec) => Provisions>> = {
  identity: (spec) => [
    override(tokens, jwtIssuer({ key: keyOf(spec.secret), issuer, audience: "shop", ttl: "1h" })),
    override(guard, signInGuard("identity.sign-in", { deviceKey: spec.secret })),
    override(pages, { origin: spec.origin ?? `${spec.tls ? "https" : "http"}://localhost:${spec.port}` }),
    mailOf(spec),
  ],
  orders: ({ chaos: fails, places = { urls: {}, allow: [] }, ...spec }) => [
    mailOf(spec),
    override(upstreams, relayClients(places)),
    ...(fails ? [override(chaos, fails)] : []),
  ],
  payments: ({ pays }) => (pays ? [override(gateway, "url" in pays ? providerGateway(pays) : pays)] : []),
};
