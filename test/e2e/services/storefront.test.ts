// The page of the gateway without one of its services: what is missing is said in the reply, the metrics, the log and the trace.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { type App, claim, createApp, implement, module } from "plimsoll";
import { remote } from "plimsoll/remote";
import { listProducts } from "../../../examples/shop/catalog/contract.ts";
import { listOrders } from "../../../examples/shop/orders/contract.ts";
import { listCheckouts } from "../../../examples/shop/payments/contract.ts";
import { home } from "../../../examples/shop/services/storefront/contract.ts";
import { storefront } from "../../../examples/shop/services/storefront/module.ts";
import type { Execution } from "../../../src/operation/execution.ts";
import { exposition } from "../../../src/telemetry/exposition.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { ann, keys, startCallee } from "../../surfaces/remote/two-apps.ts";

const none = async () => ({ items: [] });
const catalog = module("catalog", { operations: [implement(listProducts, none)] });
const orders = module("orders", { operations: [implement(listOrders, none)] });
const payments = module("payments", { operations: [implement(listCheckouts, none)] });
const gone = "http://127.0.0.1:1";
let trade: App & { readonly url: string };
let app: App;
const seen: Execution[] = [];

before(async () => {
  const database = new MemoryDatabase();
  trade = await startCallee([catalog, orders], { database: { open: () => database }, cursors: { key: keys[0]?.secret as string } });
  const at = (url: string) => ({ url, keys, lock: false as const, retries: 0 });
  app = createApp({
    ...{ service: { name: "gateway" }, tenancy: claim("tid"), rateLimit: { perSecond: 0 }, cursors: { key: keys[0]?.secret as string } },
    modules: [remote(catalog, at(trade.url)), remote(orders, at(trade.url)), remote(payments, at(gone)), storefront],
  });
  await app.start({ keepsProcess: false });
  app.signals.executed.on((execution) => void seen.push(execution));
});
after(async () => {
  await app?.stop();
  await trade?.stop();
});

it("is shown with what is there", async () => {
  const page = await app.call(home, {}, { actor: ann });
  assert.deepEqual(page, { products: [], orders: [], checkouts: null, degraded: ["checkouts"] });
  const [execution] = seen;
  assert.equal(execution?.fault, undefined);
  assert.deepEqual({ ...execution?.notes }, { degraded: "checkouts" });
  assert.deepEqual(Object.keys(execution?.upstreamMs ?? {}).toSorted(), ["catalog", "orders", "payments"]);
  assert.match(exposition(app.metrics), /storefront_degraded_total\{[^}]*part="checkouts"[^}]*\} 1/);
});

it("and a refusal of the caller is no loss", () => assert.rejects(app.call(home, {}), { code: "unauthenticated" }));
