import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Temper } from "../../../../examples/shop/provider.ts";
import { openPaidShop, type PaidShop } from "./paid-shop.ts";

describe("a checkout", () => {
  let paid: PaidShop;
  before(async () => {
    paid = await openPaidShop();
  });
  after(() => paid?.[Symbol.asyncDispose]());

  const admin = (sql: string) => paid.shop.database.admin(sql);
  /** Holds after each: the ledger sums to zero, and no saga waits for a person or for ever. */
  const isConsistent = async () => {
    const [sums] = await admin("select coalesce(sum(amount_cents), 0)::integer as all_of_it from payments.postings");
    const stuck = await admin("select from plimsoll.sagas where ended is null");
    assert.deepEqual([sums, stuck], [{ all_of_it: 0 }, []]);
  };

  const tempers: readonly (readonly [string, Partial<Temper>])[] = [
    ["does as it is asked", {}],
    ["stalls", { stalls: 1, patience: 1 }],
    ["charges, and does not say so", { timesOutAfter: 1, patience: 1 }],
    ["charges, and says so only at the fifth attempt", { timesOutAfter: 1, patience: 4 }],
    ["fails", { fails: 1, patience: 4 }],
    ["charges, and sends garbage", { garbles: 1, patience: 1 }],
    ["charges, and sends something else", { answersOther: 1, patience: 2 }],
    ["charges, and a proxy refuses", { refusesAfter: 1, patience: 2 }],
    ["does a little of all", { stalls: 0.15, timesOutAfter: 0.15, fails: 0.15, garbles: 0.15, answersOther: 0.15 }],
  ];
  for (const [what, temper] of tempers)
    it(`is charged once, where the provider ${what}`, async () => {
      await paid.becomes(temper);
      const stock = await paid.stock();
      const { id, state, problem, amountCents } = await paid.buy(2);
      assert.deepEqual([state, problem], ["paid", null]);
      assert.deepEqual(paid.booked(id), [`capture ${amountCents}`]);
      assert.deepEqual(await paid.entries(id), [`charge ${amountCents}`, `sale ${amountCents}`]);
      assert.equal(await paid.stock(), stock - 2);
      const { body } = await paid.shop.ask(`GET /v1/orders/${id}`, { token: paid.shop.token("Ben") });
      assert.deepEqual([body.status, body.totalCents], ["paid", amountCents]);
      await isConsistent();
    });

  it("is undone where the card is declined: stock is back, and nothing is charged", async () => {
    await paid.becomes({ declines: 1 });
    const stock = await paid.stock();
    const { id, state, problem } = await paid.buy(2);
    assert.deepEqual([state, problem], ["undone", "payment_declined"]);
    assert.deepEqual([paid.booked(id), await paid.entries(id), await paid.stock()], [[], [], stock]);
    await isConsistent();
  });

  it("is undone where there is too little, and the provider is not asked", async () => {
    await paid.becomes({});
    const stock = await paid.stock();
    const { id, state, problem } = await paid.buy(1_000);
    assert.deepEqual([state, problem], ["undone", "out_of_stock"]);
    assert.deepEqual([paid.booked(id), await paid.stock()], [[], stock]);
    await isConsistent();
  });

  it("returns what it charged where it cannot be confirmed", async () => {
    await paid.becomes({ timesOutAfter: 1, patience: 1 });
    const stock = await paid.stock();
    await admin("alter table orders.orders add constraint planted check (total_cents < 0) not valid");
    const { id, state, amountCents } = await paid.buy(2);
    await admin("alter table orders.orders drop constraint planted");
    assert.equal(state, "undone");
    assert.deepEqual(paid.booked(id), [`capture ${amountCents}`, `reversal ${amountCents}`]);
    assert.deepEqual(await paid.entries(id), [`charge ${amountCents}`, `take-back ${amountCents}`]);
    assert.equal(await paid.stock(), stock);
    await isConsistent();
  });

  it("is charged once by those who repeat the request, and shown to its customer alone", async () => {
    const token = paid.shop.token("Ben");
    const again = { token, headers: { "idempotency-key": "once" }, body: { lines: [{ productId: paid.productId, quantity: 1 }] } };
    const one = await paid.shop.ask("POST /v1/checkouts", again);
    const other = await paid.shop.ask("POST /v1/checkouts", again);
    assert.deepEqual(one.body, other.body);
    const { checkoutId } = one.body;
    const { body: list } = await paid.shop.ask("GET /v1/checkouts?limit=1", { token });
    assert.equal(list.items[0].id, checkoutId);
    assert.equal((await paid.shop.ask(`GET /v1/checkouts/${checkoutId}`, { token: paid.shop.token("Cleo") })).status, 404);
  });

  it("has a ledger that takes no half of an entry, and keeps each", async () => {
    await paid.becomes({});
    const { id } = await paid.buy();
    for (const [sql, message] of [
      [
        "insert into payments.entries select tenant_id, 'refund', checkout_id, debit, debit, 1, currency from payments.entries limit 1",
        /check constraint/,
      ],
      [
        "insert into payments.entries select tenant_id, 'refund', checkout_id, debit, null, 1, currency from payments.entries limit 1",
        /null value/,
      ],
      [
        "insert into payments.entries select tenant_id, 'refund', checkout_id, debit, credit, 0, currency from payments.entries limit 1",
        /check constraint/,
      ],
      [`update payments.entries set amount_cents = 1 where checkout_id = '${id}'`, /neither changed nor deleted/],
      [`delete from payments.entries where checkout_id = '${id}'`, /neither changed nor deleted/],
    ] as const)
      await assert.rejects(
        admin(sql),
        (error: Error) => message.test(`${(error.cause as Error | undefined)?.message} ${error.message}`),
        sql,
      );
  });
});
