import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { deciderSpec } from "plimsoll/testing";
import { sale } from "../../../examples/shop/sales/sale.ts";
import { openTestShop, type TestShop } from "./open-shop.ts";

const today = () => new Date().toISOString().slice(0, 10);

describe("the shop's sales", () => {
  let shop: TestShop;
  let productId: string;
  let priceCents: number;
  before(async () => {
    shop = await openTestShop();
    productId = shop.opened.productId ?? assert.fail();
    priceCents = (await shop.ask(`GET /v1/products/${productId}`, { token: shop.token("Ben") })).body.priceCents;
  });
  after(() => shop?.[Symbol.asyncDispose]());

  const send = (line: string, { key = randomUUID() as string, body, by = "Ben" }: { key?: string; body?: unknown; by?: string } = {}) =>
    shop.ask(line, { token: shop.token(by), body, headers: { "idempotency-key": key } });
  const place = (quantity: number) => send("POST /v1/orders", { body: { lines: [{ productId, quantity }] } });
  const visit = (key?: string) => send("POST /v1/visits", { body: { page: `/products/${productId}` }, ...(key !== undefined && { key }) });
  const read = (path: string) => shop.ask(`GET ${path}`, { token: shop.token("Ada") });
  /** Until a reader sees so many requests; each look is the signal for the next. */
  async function counted(requests: number) {
    for (;;) {
      const { status, body } = await read("/v1/sales/live?seconds=3600");
      if (status === 200 && body.requests >= requests) return body;
    }
  }

  it("are the revenue of each product and day, less what was returned", async () => {
    const kept = await place(2);
    const returned = await place(3);
    await send(`POST /v1/orders/${returned.body.orderId}/cancel`);
    await send(`POST /v1/orders/${returned.body.orderId}/cancel`);
    assert.equal(kept.status, 201);
    const day = today();
    for (;;) {
      const { status, body } = await read(`/v1/sales/revenue/${day}`);
      const booked = await shop.database.admin("select from plimsoll.stream_events where stream = 'sales.sale'");
      if (status !== 200 || booked.length < 3 || body.products[0]?.quantity !== 2) continue;
      assert.equal(body.totalCents, 2 * priceCents);
      assert.deepEqual(
        body.products.map(({ productId: id, quantity, cents }: Record<string, unknown>) => ({ id, quantity, cents })),
        [{ id: productId, quantity: 2, cents: 2 * priceCents }],
      );
      break;
    }
  });

  it("count each request once by the second, whichever are repeated, and for each tenant", async () => {
    const seen = (await counted(3)).requests as number;
    const keys = Array.from({ length: 150 }, () => randomUUID() as string);
    /** As a client does: what is refused because of load is sent again with the same key. */
    const visited = async (key: string): ReturnType<typeof visit> => {
      const reply = await visit(key);
      return reply.status === 503 ? visited(key) : reply;
    };
    const replies = await Promise.all([...keys, ...keys.slice(0, 50)].map(visited));
    for (const { status } of replies.filter(({ status }) => status !== 202)) assert.equal(status, 409, "its first request still ran");
    const body = await counted(seen + keys.length);
    assert.equal(body.requests, seen + keys.length);
    const seconds = body.seconds as readonly { second: string; requests: number; visits: number }[];
    assert.equal(
      seconds.reduce((sum, { visits }) => sum + visits, 0),
      keys.length,
    );
    assert.equal(new Set(seconds.map(({ second }) => second)).size, seconds.length);
    // By the second of each event in the log.
    const logged = await shop.database.admin<{ second: string; requests: number }>(
      `select to_char(date_trunc('second', recorded_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') as second, count(*)::int as requests
       from plimsoll.events where name in ('sales.visited', 'orders.placed', 'orders.cancelled') group by 1 order by 1 desc`,
    );
    assert.deepEqual(
      seconds.map(({ second, requests }) => ({ second: second.slice(0, 19), requests })),
      logged,
    );
    const others = await shop.ask("GET /v1/sales/live?seconds=3600", { token: shop.token("Gus") });
    assert.deepEqual([others.status, others.body.requests], [200, 0]);
  });

  it("are for administrators", async () => {
    assert.equal((await shop.ask("GET /v1/sales/live", { token: shop.token("Ben") })).status, 403);
  });
});

describe("a sale", () => {
  const given = deciderSpec(sale);
  const line = { orderId: randomUUID(), productId: randomUUID(), name: "a kite", quantity: 1, cents: 5, day: "2026-11-30" };
  const sold = { name: "sales.line-sold", data: line } as const;
  const returned = { name: "sales.line-returned", data: { ...line, day: "2026-12-01" } } as const;
  it("is sold once, and returned once on the day on which it is", () => {
    given([])
      .when({ kind: "sell", lines: [line] })
      .then([sold]);
    given([sold])
      .when({ kind: "sell", lines: [line] })
      .then([]);
    given([sold]).when({ kind: "return", day: "2026-12-01" }).then([returned]);
    given([sold, returned]).when({ kind: "return", day: "2026-12-02" }).then([]);
    given([]).when({ kind: "return", day: "2026-12-01" }).then([]);
  });
});
