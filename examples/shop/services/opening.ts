import { type App, claim, createApp } from "plimsoll";
import { type InternalKey, remote } from "plimsoll/remote";
import { importProducts } from "../catalog/contract.ts";
import { foundTenant } from "../identity/contract.ts";
import { type Opened, openShops } from "../seed.ts";
import { parts, type ServiceSpec } from "./services.ts";

/** An app that has no module of its own: it calls all operations of the services, as one of them does. */
export function createCaller({ secret, urls }: Pick<ServiceSpec, "secret" | "urls">): App {
  const keys: readonly InternalKey[] = [{ id: "shop", secret }];
  const modules = Object.entries(parts).flatMap(([name, list]) =>
    list.map((one) => remote(one, { url: urls[name as keyof typeof parts], keys, lock: false })),
  );
  return createApp({ service: { name: "shop-caller" }, modules, tenancy: claim("tid"), rateLimit: { perSecond: 0 } });
}

/**
 * Opens the shops in the services, with the users and products of the shop in one process, and signs all users in. There, a tenant and its products come
 * together or not at all (seed.ts). Here they are two calls, each of which changes nothing the second time: the products are there when the tenant was
 * founded now.
 */
export async function openInServices(given: Pick<ServiceSpec, "secret" | "urls">): Promise<Opened> {
  const caller = createCaller(given);
  await caller.start({ keepsProcess: false });
  try {
    return await openShops(caller, async (app, { products, ...tenant }, actor) => {
      const { founded } = await app.call(foundTenant, tenant, { actor });
      if (founded) await app.call(importProducts, { products }, { actor });
    });
  } finally {
    await caller.stop();
  }
}
