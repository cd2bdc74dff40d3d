import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CrashOutcome, type CrashScope, type CrashSpec, type CrashWorld, crashTest } from "plimsoll/testing";
import { cancelOrder, placeOrder } from "../../../examples/shop/orders/contract.ts";
import { recordVisit } from "../../../examples/shop/sales/contract.ts";
import { createShop } from "../../../examples/shop/shop.ts";
import { type Open, openForBen, shopSettings } from "./customer.ts";

// The counts and the revenue of the shop, at every boundary of the requests, of the subscription and of the projections.
// The short form is a part of all, chosen by the seed; all of it: CRASH=all npm test -- test/crash/shop/sales.test.ts
const most = process.env.CRASH === "all" ? {} : { most: 4 };

const makeShop = ({ database, clock }: CrashWorld) =>
  createShop({
    ...{ database, clock, mail: { send: async () => undefined } },
    ...shopSettings,
  });

const spec: CrashSpec<Open> = {
  prepare: openForBen,
  async scenario({ call, quiet, kept: { ben: actor, productId } }: CrashScope<Open>) {
    await call(recordVisit, { page: "/" }, { actor });
    const { orderId } = await call(placeOrder, { lines: [{ productId, quantity: 2 }] }, { actor });
    await quiet();
    await call(cancelOrder, { orderId }, { actor });
    await call(placeOrder, { lines: [{ productId, quantity: 1 }] }, { actor });
  },
  invariants: exact,
};

/** Each request that was acknowledged counts once, and the revenue is that of the orders that stand. */
async function exact({ database, ledger }: CrashOutcome<Open>): Promise<void> {
  const [counts] = await database.admin(
    "select sum(visits)::int as visits, sum(orders)::int as orders, sum(cancellations)::int as cancellations from sales.seconds",
  );
  const placed = ledger.of(placeOrder).length;
  assert.deepEqual(counts, { visits: ledger.of(recordVisit).length, orders: placed, cancellations: ledger.of(cancelOrder).length });
  const [sums] = await database.admin(
    `select (select sum(cents)::int from sales.revenue) as revenue, (select sum(total_cents)::int from orders.orders where status = 'placed') as standing,
      (select count(*)::int from plimsoll.stream_events where stream = 'sales.sale') as booked`,
  );
  assert.equal(sums?.revenue, sums?.standing, "the revenue is that of the orders");
  assert.equal(sums?.booked, placed + 1, "each order is booked once, and returned once");
}

describe("the shop's sales in the crash lab", () => {
  it("count each request once, whatever breaks", async (t) => {
    const report = await crashTest(makeShop, { ...spec, ...most });
    t.diagnostic(report.summary);
  });
});
