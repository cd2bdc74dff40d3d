import { type App, type AppSpec, claim, createApp, override } from "plimsoll";
import { jwt, jwtIssuer, signInGuard } from "plimsoll/auth";
import { type HttpSpec, http } from "plimsoll/http";
import { catalog } from "./catalog/module.ts";
import { type Chaos, chaos } from "./crunch/chaos.ts";
import { crunch } from "./crunch/module.ts";
import { session } from "./identity/browser-contract.ts";
import { identity } from "./identity/module.ts";
import { guard, pages, tokens } from "./identity/tokens.ts";
import { emlFiles } from "./notifications/eml-files.ts";
import { type Mailer, mailer } from "./notifications/mailer.ts";
import { notifications } from "./notifications/module.ts";
import { orders } from "./orders/module.ts";
import { type ProviderAccess, providerGateway, providerNotices } from "./payments/adapter.ts";
import { type Gateway, gateway } from "./payments/gateway.ts";
import { payments } from "./payments/module.ts";
import { relayClients, type UpstreamPlaces, upstreams } from "./relay/clients.ts";
import { relay } from "./relay/module.ts";
import { sales } from "./sales/module.ts";
import { seed } from "./seed.ts";

export const modules = [identity, catalog, orders, payments, notifications, sales, crunch, relay, seed];

/** What differs between where the shop runs: everything else is written below. */
export interface ShopSpec extends Pick<AppSpec, "database" | "telemetry" | "roles" | "rateLimit" | "cache" | "clock"> {
  /** Signs tokens and seals cursors: 32 bytes or more. */
  readonly secret: string;
  readonly port: number;
  readonly opsPort: number;
  /** Where mail is put, unless `mail` sends it. */
  readonly mailDirectory: string;
  /** *Default*: a file for each in `mailDirectory`. */
  readonly mail?: Mailer;
  /** Where browsers find the shop, for the links in mail. *Default*: this machine. */
  readonly origin?: string;
  /** Secures the port, where no proxy in front does. *Default*: it speaks plain HTTP. */
  readonly tls?: HttpSpec["tls"];
  /** Lets attempts to crunch an item fail. *Default*: none. */
  readonly chaos?: Chaos;
  /** What the relay may fetch from. *Default*: nothing. */
  readonly places?: UpstreamPlaces;
  /** Who moves money: a provider, or what stands in for it. *Default*: no checkout is paid. */
  readonly pays?: ProviderAccess | Gateway;
}

/** Puts the shop together: the one place where its modules and the edges meet. */
export function createShop({
  secret,
  port,
  opsPort,
  mailDirectory,
  mail = emlFiles({ directory: mailDirectory }),
  tls,
  origin = `${tls ? "https" : "http"}://localhost:${port}`,
  chaos: fails,
  places = { urls: {}, allow: [] },
  pays,
  ...edges
}: ShopSpec): App {
  const key = { algorithm: "HS256", secret } as const;
  const shop = { issuer: "shop", audience: "shop" };
  const provider = pays !== undefined && "url" in pays ? pays : undefined;
  return createApp({
    service: { name: "shop", version: "1.0.0" },
    modules: provider ? [...modules, providerNotices(provider)] : modules,
    tenancy: claim("tid"),
    authentication: [jwt({ keys: [key], ...shop }), session],
    provide: [
      override(tokens, jwtIssuer({ key, ...shop, ttl: "1h" })),
      override(guard, signInGuard("identity.sign-in", { deviceKey: secret })),
      override(mailer, mail),
      override(pages, { origin }),
      override(upstreams, relayClients(places)),
      ...(pays ? [override(gateway, "url" in pays ? providerGateway(pays) : pays)] : []),
      ...(fails ? [override(chaos, fails)] : []),
    ],
    tasks: { queues: { crunch: { concurrency: 400 }, mail: { concurrency: 4 } } },
    cursors: { key: secret },
    surfaces: [http({ port, documents: true, ...(tls && { tls }) })],
    ops: { port: opsPort },
    ...edges,
  });
}
