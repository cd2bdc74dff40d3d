import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { compareAll, refundSaga } from "../../../../examples/shop/payments/contract.ts";
import type { LedgerLine } from "../../../../examples/shop/provider/wire.ts";
import { taskTables } from "../../../tasks/books/task-tables.ts";
import { openPaidShop, type PaidShop } from "./paid-shop.ts";

type Lines = readonly LedgerLine[];

describe("the comparison of the provider's books with ours", () => {
  let paid: PaidShop;
  before(async () => {
    paid = await openPaidShop();
  });
  after(() => paid?.[Symbol.asyncDispose]());

  let hour = 0;
  /** Has the books of all tenants compared, as the schedule does. */
  const compare = async () => {
    const { app } = paid.shop;
    hour += 1;
    await app.tasks.start(compareAll, { at: new Date(hour * 3_600_000).toISOString() });
    while ((await app.tasks.stats()).some(({ waiting, running, later }) => waiting + running + later > 0));
    assert.deepEqual(await app.tasks.deadLetters(), []);
  };
  const listed = async (state = "open", name = "Ada") =>
    (await paid.shop.ask(`GET /v1/payment-differences?state=${state}&limit=100`, { token: paid.shop.token(name) })).body.items;
  const line = (checkoutId: string, more: Partial<LedgerLine>): LedgerLine => ({
    ...{ seq_no: 1, line_type: "capture", merchant_ref: `acme/${checkoutId}`, amount_minor: 700, currency_code: "EUR" },
    ...{ idempotency_key: randomUUID(), booked_at: new Date(Date.now() - 3_600_000).toISOString() },
    ...more,
  });
  const cancel = async (id: string) => {
    await paid.shop.ask(`POST /v1/orders/${id}/cancel`, { token: paid.shop.token("Ben") });
    const ended = async () =>
      (await paid.shop.app.sagas.list({ name: refundSaga.name })).some((one) => one.input.includes(id) && one.ended);
    while (!(await ended()));
  };

  /** `plant` gets the lines of others, and those of a checkout that is paid, or cancelled. */
  interface Planted {
    readonly cancels?: boolean;
    plant(own: Lines, id: string): Lines;
    shown(cents: number): readonly string[];
  }
  const twice = (line: LedgerLine, more: Partial<LedgerLine>) => [line, { ...line, idempotency_key: randomUUID(), ...more }];
  const planted: Record<string, Planted> = {
    "it has a charge that we do not know": {
      plant: (own, id) => [...own, line(`other-${id}`, {})],
      shown: () => ["charge missing-here 0 700"],
    },
    "it has a refund that we do not know": {
      plant: (own, id) => [...own, line(id, { line_type: "repayment", amount_minor: 1 })],
      shown: () => ["refund missing-here 0 1"],
    },
    "it does not have our charge": { plant: () => [], shown: (cents) => [`charge missing-there ${cents} 0`] },
    "it has charged twice": {
      plant: (own) => own.flatMap((one) => twice(one, {})),
      shown: (cents) => [`charge other-amount ${cents} ${2 * cents}`],
    },
    "it has charged another amount": {
      plant: (own) => own.map((one) => ({ ...one, amount_minor: 1 })),
      shown: (cents) => [`charge other-amount ${cents} 1`],
    },
    "it has charged in another currency": {
      plant: (own) => own.map((one) => ({ ...one, currency_code: "JPY" })),
      shown: (cents) => [`charge other-amount ${cents} ${cents}`],
    },
    "it does not have our refund": {
      cancels: true,
      plant: (own) => own.filter(({ line_type }) => line_type !== "repayment"),
      shown: (cents) => [`refund refund-missing ${cents} 0`],
    },
    "it has returned less": {
      cancels: true,
      plant: (own) => own.map((one) => (one.line_type === "repayment" ? { ...one, amount_minor: 1 } : one)),
      shown: (cents) => [`refund other-amount ${cents} 1`],
    },
  };
  for (const [what, { cancels, plant, shown }] of Object.entries(planted))
    it(`reports once that ${what}, to its administrator alone, and closes it when it is gone`, async () => {
      await paid.becomes({});
      const { id, amountCents } = await paid.buy();
      if (cancels) await cancel(id);
      await compare();
      assert.deepEqual(await listed(), [], "where nothing differs, nothing is reported");
      let before: Lines = [];
      await paid.rewrite((lines) => {
        before = lines;
        const isOwn = ({ merchant_ref }: LedgerLine) => merchant_ref === `acme/${id}`;
        return [...lines.filter((one) => !isOwn(one)), ...plant(lines.filter(isOwn), id)];
      });
      await compare();
      const found = await listed();
      assert.deepEqual(found.map(written), shown(amountCents));
      await compare();
      assert.deepEqual(await listed(), found, "the second comparison reports nothing new");
      assert.deepEqual([await listed("open", "Gus"), (await listed("closed")).some(sameAs(found[0]))], [[], false]);
      await paid.rewrite(() => before);
      await compare();
      assert.deepEqual([await listed(), (await listed("closed")).filter(sameAs(found[0])).length], [[], 1]);
    });

  it("reports a cancelled order whose money is still there, though no ledger has a refund", async () => {
    await paid.becomes({});
    const { id, amountCents } = await paid.buy();
    // As a person leaves it who says by hand that the refund is done.
    await paid.shop.database.admin(`update payments.checkouts set state = 'refunded' where id = '${id}'`);
    await compare();
    assert.deepEqual((await listed()).map(written), [`refund refund-missing ${amountCents} 0`]);
    await paid.shop.database.admin(`update payments.checkouts set state = 'paid' where id = '${id}'`);
    await compare();
    assert.deepEqual(await listed(), []);
  });

  it("leaves alone what is on its way", async () => {
    await paid.becomes({});
    const { id } = await paid.buy();
    await paid.rewrite((lines) => [...lines, line(`new-${id}`, { booked_at: new Date().toISOString() })]);
    await compare();
    assert.deepEqual(await listed(), []);
    await paid.rewrite((lines) => lines.slice(0, -1));
  });

  it("reads books of many pages", async () => {
    await paid.becomes({});
    await paid.rewrite((lines) => [...lines, ...Array.from({ length: 1_200 }, (_, nth) => line(`many-${nth}`, {}))]);
    await compare();
    const [row] = await paid.shop.database.admin<{ many: number }>(
      "select count(*)::integer as many from payments.differences where checkout_id like 'many-%' and resolved_at is null",
    );
    assert.equal(row?.many, 1_200);
    await paid.rewrite((lines) => lines.slice(0, -1_200));
    await compare();
    assert.deepEqual(await listed(), []);
  });

  it("is for administrators, and runs every hour", async () => {
    const { status } = await paid.shop.ask("GET /v1/payment-differences", { token: paid.shop.token("Ben") });
    const schedules = await paid.shop.database.admin(`select name, rule, paused from ${taskTables.schedules}`);
    assert.deepEqual([status, schedules], [403, [{ name: "payments.compare-hourly", rule: "17 * * * * UTC", paused: false }]]);
  });
});

interface Shown {
  readonly kind: string;
  readonly checkoutId: string;
  readonly problem: string;
  readonly oursCents: number;
  readonly theirsCents: number;
}

const written = ({ kind, problem, oursCents, theirsCents }: Shown) => `${kind} ${problem} ${oursCents} ${theirsCents}`;
const sameAs = (one: Shown) => (other: Shown) => other.checkoutId === one.checkoutId && other.kind === one.kind;
