import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { z } from "zod";
import type { OrderSummary } from "../../../examples/shop/orders/domain.ts";
import { openTestShop, type TestShop } from "./open-shop.ts";

interface Line {
  readonly productId: string;
  readonly quantity: number;
}

describe("orders", () => {
  let shop: TestShop;
  let ben: string;
  before(async () => {
    shop = await openTestShop();
    ben = shop.token("Ben");
  });
  after(() => shop?.[Symbol.asyncDispose]());

  const makeProduct = async (stock: number, priceCents = 250): Promise<string> => {
    const { body } = await shop.ask("POST /v1/products", { token: shop.token("Ada"), body: { name: "Kite", priceCents, stock } });
    return body.id;
  };
  const stockOf = async (id: string): Promise<number> => (await shop.ask(`GET /v1/products/${id}`, { token: ben })).body.stock;
  const place = (lines: readonly Line[], { token = ben, key = randomUUID() }: { token?: string; key?: string } = {}) =>
    shop.ask("POST /v1/orders", { token, body: { lines }, headers: { "idempotency-key": key } });

  /** A buyer who waited for a row until the deadline tries again with the same key, as the response says; the first attempt may still be rolling back. */
  const placePatiently = async (lines: readonly Line[], token = ben) => {
    const key = randomUUID();
    for (;;) {
      const answer = await place(lines, { token, key });
      if (answer.status !== 504 && answer.body.type !== "urn:plimsoll:idempotency_key_running") return answer;
    }
  };
  const cancelPatiently = async (orderId: string) => {
    for (;;) {
      const answer = await shop.ask(`POST /v1/orders/${orderId}/cancel`, { token: ben });
      if (answer.status !== 504) return answer;
    }
  };

  it("places an order at the price of the moment and takes the stock", async () => {
    const [kite, raft] = [await makeProduct(10), await makeProduct(5, 1_000)];
    const placed = await place([
      { productId: kite, quantity: 2 },
      { productId: raft, quantity: 1 },
      { productId: kite, quantity: 1 },
    ]);
    assert.equal(placed.status, 201, JSON.stringify(placed.body));
    assert.equal(placed.body.totalCents, 1_750);
    assert.equal(placed.headers.get("location"), `/v1/orders/${placed.body.orderId}`);
    assert.deepEqual([await stockOf(kite), await stockOf(raft)], [7, 4]);
    await shop.ask(`PATCH /v1/products/${kite}`, { token: shop.token("Ada"), body: { priceCents: 1 }, headers: { "if-match": '"2"' } });
    const { body: order } = await shop.ask(`GET ${placed.headers.get("location")}`, { token: ben });
    assert.equal(order.status, "placed");
    assert.deepEqual(
      order.lines.toSorted((a: { unitCents: number }, b: { unitCents: number }) => a.unitCents - b.unitCents),
      [
        { productId: kite, name: "Kite", quantity: 3, unitCents: 250 },
        { productId: raft, name: "Kite", quantity: 1, unitCents: 1_000 },
      ],
    );
  });

  it("takes all or nothing", async () => {
    const [plenty, few] = [await makeProduct(10), await makeProduct(1)];
    const short = await place([
      { productId: plenty, quantity: 1 },
      { productId: few, quantity: 2 },
    ]);
    assert.deepEqual([short.status, short.body.type], [400, "urn:plimsoll:out_of_stock"]);
    assert.deepEqual(short.body.details, { short: [{ productId: few, quantity: 2, left: 1 }] });
    const productId = randomUUID();
    const unknown = await place([
      { productId: plenty, quantity: 1 },
      { productId, quantity: 1 },
    ]);
    assert.deepEqual([unknown.status, unknown.body.type, unknown.body.details], [404, "urn:plimsoll:product_not_found", { productId }]);
    assert.deepEqual([await stockOf(plenty), await stockOf(few)], [10, 1]);
  });

  it("needs an Idempotency-Key, and a customer", async () => {
    const lines = [{ productId: await makeProduct(1), quantity: 1 }];
    assert.equal((await shop.ask("POST /v1/orders", { token: ben, body: { lines } })).status, 400);
    assert.equal((await place(lines, { token: shop.token("Ada") })).status, 403);
    assert.equal((await place([])).status, 400);
  });

  it("places one order for one key, however often and at once it is sent", async () => {
    const productId = await makeProduct(10);
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 12 }, () => place([{ productId, quantity: 1 }], { key })));
    const placed = answers.filter(({ status }) => status === 201);
    assert.equal(new Set(placed.map(({ body }) => body.orderId)).size, 1);
    assert.ok(answers.every(({ status, body }) => status === 201 || body.type === "urn:plimsoll:idempotency_key_running"));
    const again = await place([{ productId, quantity: 1 }], { key });
    assert.deepEqual([again.status, again.headers.get("idempotency-replayed"), again.body], [201, "true", placed[0]?.body]);
    assert.equal(await stockOf(productId), 9);
    assert.equal((await place([{ productId, quantity: 2 }], { key })).status, 422);
    const other = await place([{ productId, quantity: 1 }], { key, token: shop.token("Cleo") });
    assert.equal(other.status, 201);
    assert.notEqual(other.body.orderId, again.body.orderId, "a key belongs to its actor");
  });

  it("never sells what is not there, however many come at once", async () => {
    const productId = await makeProduct(20);
    const buyers = [ben, shop.token("Cleo")];
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => placePatiently([{ productId, quantity: 1 }], buyers[n % 2])));
    const statuses = Map.groupBy(answers, ({ status }) => status);
    assert.deepEqual([statuses.get(201)?.length, statuses.get(400)?.length], [20, 30], JSON.stringify([...statuses.keys()]));
    assert.deepEqual([...new Set(statuses.get(400)?.map(({ body }) => body.type))], ["urn:plimsoll:out_of_stock"]);
    assert.equal(await stockOf(productId), 0);
  });

  it("never waits for ever, in whatever order products are named", async () => {
    const products = await Promise.all(Array.from({ length: 6 }, () => makeProduct(1_000)));
    const lines = products.map((productId) => ({ productId, quantity: 1 }));
    const ways = [lines, lines.toReversed(), [...lines.slice(3), ...lines.slice(0, 3)]];
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        const { status, body } = await placePatiently(ways[n % 3]!);
        assert.equal(status, 201, JSON.stringify(body));
        return n % 2 === 0 ? cancelPatiently(body.orderId) : undefined;
      }),
    );
    assert.ok(answers.every((answer) => answer === undefined || answer.status === 200));
    assert.deepEqual(await Promise.all(products.map(stockOf)), Array(6).fill(985));
  });

  it("cancels once, however often it is asked", async () => {
    const productId = await makeProduct(10);
    const { body: placed } = await place([{ productId, quantity: 4 }]);
    assert.equal(await stockOf(productId), 6);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => shop.ask(`POST /v1/orders/${placed.orderId}/cancel`, { token: ben })),
    );
    assert.deepEqual([...new Set(answers.map(({ status, body }) => `${status} ${body.status}`))], ["200 cancelled"]);
    assert.equal(await stockOf(productId), 10);
  });

  it("lists one's own orders, the latest first, page by page", async () => {
    const hana = shop.token("Hana");
    const { body: found } = await shop.ask("GET /v1/products?query=rope&limit=1", { token: hana });
    const lines = [{ productId: found.items[0].id, quantity: 1 }];
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await place(lines, { token: hana })).body.orderId);
    const first = await shop.ask("GET /v1/orders?limit=3", { token: hana });
    const second = await shop.ask(`GET /v1/orders?limit=2&cursor=${first.body.nextCursor}`, { token: hana });
    assert.equal(second.body.nextCursor, undefined);
    const listed: z.infer<typeof OrderSummary>[] = [...first.body.items, ...second.body.items];
    assert.deepEqual(
      listed.map(({ id }) => id),
      ids.toReversed(),
    );
    const ivo = await shop.ask(`GET /v1/orders?cursor=${first.body.nextCursor}`, { token: shop.token("Ivo") });
    assert.equal(ivo.body.type, "urn:plimsoll:cursor_invalid");
  });
});
