import { type Actor, claim, createApp } from "plimsoll";
import { hashPassword } from "plimsoll/auth";
import { type InternalKey, remote } from "plimsoll/remote";
import { importProducts } from "../catalog/contract.ts";
import { catalog } from "../catalog/module.ts";
import { foundTenant, signIn } from "../identity/contract.ts";
import { identity } from "../identity/module.ts";
import { password } from "../seed.ts";
import { catalogues } from "../seed-products.ts";
import type { ServiceSpec } from "./services.ts";

/**
 * Opens a shop in the services, and signs its customer in. In one process a tenant and its products come together or not at all (seed.ts). Here they are two calls, each of which
 * changes nothing the second time: the products are there when the tenant was founded now.
 */
export async function openShop({ secret, urls }: Pick<ServiceSpec, "secret" | "urls">, tenant: "acme" | "globex"): Promise<string> {
  const keys: readonly InternalKey[] = [{ id: "shop", secret }];
  const modules = [remote(identity, { url: urls.identity, keys, lock: false }), remote(catalog, { url: urls.orders, keys, lock: false })];
  const app = createApp({ service: { name: "shop-opening" }, modules, tenancy: claim("tid"), rateLimit: { perSecond: 0 } });
  await app.start({ keepsProcess: false });
  try {
    const actor: Actor = { id: "seed", kind: "system", roles: [], tenant, claims: { tid: tenant } };
    const email = `ben@${tenant}.example`;
    const user = { name: "Ben", email, roles: ["customer" as const], passwordHash: await hashPassword(password) };
    const administrator = { ...user, name: "Ada", email: `ada@${tenant}.example`, roles: ["administrator" as const] };
    const { founded } = await app.call(foundTenant, { name: tenant, users: [administrator, user] }, { actor });
    if (founded) await app.call(importProducts, { products: catalogues[tenant] }, { actor });
    return (await app.call(signIn, { tenant, email, password })).token;
  } finally {
    await app.stop();
  }
}
