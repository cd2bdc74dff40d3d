import { type App, type AppSpec, claim, createApp, override } from "plimsoll";
import { jwt, jwtIssuer } from "plimsoll/auth";
import { http } from "plimsoll/http";
import { catalog } from "./catalog/module.ts";
import { identity } from "./identity/module.ts";
import { tokens } from "./identity/tokens.ts";
import { orders } from "./orders/module.ts";
import { seed } from "./seed.ts";

export const modules = [identity, catalog, orders, seed];

/** What differs between where the shop runs: everything else is written below. */
export interface ShopSpec extends Pick<AppSpec, "database" | "telemetry"> {
  /** Signs tokens and seals cursors: 32 bytes or more. */
  readonly secret: string;
  readonly port: number;
  readonly opsPort: number;
}

/** Puts the shop together: the one place where its modules and the edges meet. */
export function createShop({ secret, port, opsPort, ...edges }: ShopSpec): App {
  const key = { algorithm: "HS256", secret } as const;
  const shop = { issuer: "shop", audience: "shop" };
  return createApp({
    service: { name: "shop", version: "1.0.0" },
    modules,
    tenancy: claim("tid"),
    authentication: jwt({ keys: [key], ...shop }),
    provide: [override(tokens, jwtIssuer({ key, ...shop, ttl: "1h" }))],
    cursors: { key: secret },
    surfaces: [http({ port, documents: true })],
    ops: { port: opsPort },
    ...edges,
  });
}
