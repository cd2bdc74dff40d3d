import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { CrashOutcome, CrashScope, CrashWorld } from "plimsoll/testing";
import { crashTest } from "plimsoll/testing";
import { type Opened, openShops } from "../../examples/shop/seed.ts";
import { createShop } from "../../examples/shop/shop.ts";

// The short form is a part of all, chosen by the seed; all of it: CRASH=all npm test -- test/crash/shop.test.ts
const most = process.env.CRASH === "all" ? {} : { most: 8, seed: 1 };
const secret = "a secret of the tests, 32 bytes and more";
const mailDirectory = join(tmpdir(), `plimsoll-crash-mail-${process.pid}`);
const makeShop = ({ database }: CrashWorld) => createShop({ database, secret, mailDirectory, port: 0, opsPort: 0 });

interface Open extends Opened {
  /** Of the product, before the first sale. */
  readonly stock: number;
}

interface Placed {
  readonly status: number;
  readonly body: string;
}

async function shopping({ fetch, kept }: CrashScope<Open>): Promise<void> {
  const token = kept.people.find(({ name }) => name === "Ben")?.token;
  const ask = async (line: string, { key, body }: { key?: string; body?: unknown } = {}) => {
    const [method = "", path] = line.split(" ");
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", ...(key && { "idempotency-key": key }) };
    const request = new Request(`http://shop${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const response = await fetch(request, { harmless: true });
    return (await response.json()) as Record<string, string>;
  };
  const lines = [{ productId: kept.productId, quantity: 1 }];
  const { orderId } = await ask("POST /v1/orders", { key: "first", body: { lines } });
  await ask("POST /v1/orders", { key: "second", body: { lines: [{ productId: kept.productId, quantity: 2 }] } });
  const refused = await ask("POST /v1/orders", { key: "third", body: { lines: [{ productId: kept.productId, quantity: 1_000 }] } });
  assert.equal(refused.type, "urn:plimsoll:out_of_stock");
  await ask(`POST /v1/orders/${orderId}/cancel`);
  await ask(`GET /v1/orders/${orderId}`);
}

async function booksFit({ database, ledger, kept }: CrashOutcome<Open>): Promise<void> {
  const placed = ledger.acknowledged.filter(({ operation }) => operation === "POST /v1/orders").map(({ output }) => output as Placed);
  const promised = placed.filter(({ status }) => status === 201).map(({ body }) => (JSON.parse(body) as { orderId: string }).orderId);
  const orders = await database.admin<{ id: string; status: string; taken: number }>(
    "select o.id, o.status, sum(l.quantity)::integer as taken from orders.orders o left join orders.order_lines l on l.order_id = o.id group by o.id, o.status",
  );
  assert.deepEqual(orders.map(({ id }) => id).toSorted(), promised.toSorted(), "the orders are those that were promised");
  const cancelled = ledger.acknowledged.filter(({ operation }) => operation.endsWith("/cancel"));
  assert.equal(orders.filter(({ status }) => status === "cancelled").length, cancelled.length, "what was cancelled is cancelled");
  const taken = orders.filter(({ status }) => status === "placed").reduce((sum, order) => sum + order.taken, 0);
  const [product] = await database.admin<{ stock: number }>("select stock::integer from catalog.products where id = $1", [kept.productId]);
  assert.equal(product?.stock, kept.stock - taken, "no stock is lost, and none is made");
}

describe("the shop's orders", () => {
  it("are placed once and cancelled once, whatever breaks", async (t) => {
    const report = await crashTest(makeShop, {
      ...most,
      prepare: async ({ app, database }) => {
        const opened = await openShops(app);
        const [product] = await database.admin<{ stock: number }>("select stock::integer from catalog.products where id = $1", [
          opened.productId,
        ]);
        return { ...opened, stock: product?.stock ?? 0 };
      },
      scenario: shopping,
      invariants: booksFit,
    });
    t.diagnostic(report.summary);
    // What the app sends by itself comes with time, and not at the same place of every run.
    assert.deepEqual(
      report.missed.filter((point) => !point.startsWith("app ")),
      [],
    );
  });
});
