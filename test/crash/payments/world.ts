import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import type { Actor } from "plimsoll";
import type { CrashDatabase, CrashOutcome, CrashScope, CrashSpec, CrashWorld } from "plimsoll/testing";
import { cancelOrder } from "../../../examples/shop/orders/contract.ts";
import { providerGateway } from "../../../examples/shop/payments/adapter.ts";
import { startCheckout } from "../../../examples/shop/payments/contract.ts";
import { type Gateway, PaymentDeclined } from "../../../examples/shop/payments/gateway.ts";
import { type Provider, readBooks, startProvider } from "../../../examples/shop/provider.ts";
import { createShop } from "../../../examples/shop/shop.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { Metrics } from "../../../src/core/metrics.ts";
import { stored } from "../../tasks/books/task-tables.ts";
import { openForBen, shopSettings } from "../shop/customer.ts";

// Checkouts and refunds at every boundary, against the provider and its own books.
// The short form is a part of all, chosen by the seed; all of it: CRASH=all npm test -- test/crash/payments
const most = process.env.CRASH === "all" ? {} : { most: 4 };

const folder = mkdtempSync(join(tmpdir(), "plimsoll-crash-payments-"));
const books = join(folder, "books.jsonl");
let provider: Provider;
let gateway: Gateway;
before(async () => {
  provider = await startProvider({}, { books });
  const { spec } = providerGateway({ url: provider.url, allow: ["127.0.0.1"], secret: "none" });
  gateway = (await spec?.create({ clock: systemClock, metrics: new Metrics() })) as Gateway;
});
after(async () => {
  await provider.close();
  rmSync(folder, { recursive: true });
});

/** How many of the product make a checkout end so. */
const paidWith = 1;
const declinedWith = 2;
const unconfirmedWith = 3;
const endOf: Readonly<Record<number, string>> = { [paidWith]: "paid", [declinedWith]: "undone", [unconfirmedWith]: "undone" };

interface Open {
  readonly ben: Actor;
  readonly productId: string;
  readonly priceCents: number;
  /** Before the first sale. */
  readonly stock: number;
}

export type Changed = (gateway: Gateway) => Gateway;

/** `changed`: how the app asks the provider. *Default*: as it does. */
export const makeShop =
  (changed: Changed = (asIs) => asIs) =>
  ({ database, clock, outside }: CrashWorld) =>
    createShop({
      ...{ database, clock, pays: changed(outside("gateway", asked)) },
      ...{ ...shopSettings, mailDirectory: folder },
    });

let declinedCents = 0;
/** The provider declines what the scenario says; the rest it does. */
const asked: Gateway = {
  charge: async (payment) => {
    if (payment.money.cents === declinedCents) throw new PaymentDeclined({});
    await gateway.charge(payment);
  },
  takeBack: (payment) => gateway.takeBack(payment),
  refund: (payment) => gateway.refund(payment),
  statement: (of) => gateway.statement(of),
};

const underWay = (database: CrashDatabase) => database.admin("select from plimsoll.sagas where ended is null");

const buy = (call: CrashScope<Open>["call"], { productId, ben: actor }: Open, quantity: number) =>
  call(startCheckout, { lines: [{ productId, quantity }] }, { actor });

const shared = {
  // The wait before an attempt ends by the clock of the database: where that is set back, it takes longer by as much.
  clockJump: "5s",
  settled: async ({ database }: CrashOutcome<Open>) => (await underWay(database)).length === 0,
  ...most,
} as const satisfies Partial<CrashSpec<Open>>;

async function prepare({ app, database }: Parameters<NonNullable<CrashSpec<Open>["prepare"]>>[0]): Promise<Open> {
  const { ben, productId } = await openForBen({ app, database });
  const [product] = await database.admin<{ price: number; stock: number }>(
    "select price_cents::integer as price, stock::integer from catalog.products where id = $1",
    [productId],
  );
  assert.ok(product);
  declinedCents = declinedWith * product.price;
  await database.admin(`alter table orders.orders add constraint planted check (total_cents <> ${unconfirmedWith * product.price})`);
  return { ben, productId, priceCents: product.price, stock: product.stock };
}

interface Found extends Record<string, unknown> {
  readonly id: string;
  readonly state: string;
  readonly order: string | null;
  readonly quantity: number;
  readonly entries: readonly string[];
}

/** What the provider has of each checkout: the kinds of its lines with their amounts. All runs share the books, so that they are read once for a run. */
function readBooked(): ReadonlyMap<string, readonly string[]> {
  const lines = readBooks(books).filter(({ amount_minor }) => amount_minor > 0);
  const byReference = Map.groupBy(lines, ({ merchant_ref }) => merchant_ref);
  return new Map(
    [...byReference].map(([reference, of]) => [reference, of.map(({ line_type, amount_minor }) => `${line_type} ${amount_minor}`)]),
  );
}

const found = (database: CrashDatabase) =>
  database.admin<Found>(`
    select c.id, c.state, o.status as order, (c.lines -> 0 ->> 'quantity')::integer as quantity,
      array(select e.kind || ' ' || e.amount_cents from payments.entries e where e.checkout_id = c.id order by 1) as entries
    from payments.checkouts c left join orders.orders o on o.id = c.id order by c.id`);

/** Nothing is lost, nothing done twice, charged twice or stuck, and the two books agree. */
async function booksFit({ database, ledger, kept }: CrashOutcome<Open>): Promise<void> {
  const promised = new Map(ledger.of(startCheckout).map(({ input, output }) => [output.checkoutId, input.lines[0]?.quantity ?? 0]));
  const cancelled = new Set(ledger.of(cancelOrder).map(({ input }) => input.orderId));
  const all = await found(database);
  assert.deepEqual(all.map(({ id }) => id).toSorted(), [...promised.keys()].toSorted(), "the checkouts are those that were promised");
  const booked = readBooked();
  let sold = 0;
  for (const { id, state, order, quantity, entries } of all) {
    assert.equal(quantity, promised.get(id));
    const cents = quantity * kept.priceCents;
    const end = cancelled.has(id) ? "refunded" : endOf[quantity];
    const wasCharged = quantity !== declinedWith;
    const [back, lines, posted] =
      end === "paid"
        ? [[], [], [`sale ${cents}`]]
        : end === "refunded"
          ? [[`repayment ${cents}`], [`refund ${cents}`], [`sale ${cents}`]]
          : [wasCharged ? [`reversal ${cents}`] : [], wasCharged ? [`take-back ${cents}`] : [], []];
    const charges = wasCharged ? [`charge ${cents}`] : [];
    assert.deepEqual(
      booked.get(`acme/${id}`) ?? [],
      [...(wasCharged ? [`capture ${cents}`] : []), ...back],
      `${state}: the provider's books`,
    );
    assert.deepEqual(entries, [...charges, ...lines, ...posted].toSorted(), `${state}: our ledger`);
    assert.deepEqual([state, order], [end, { paid: "paid", refunded: "cancelled" }[end ?? ""] ?? null]);
    if (end === "paid") sold += quantity;
  }
  const [sums] = await database.admin(
    "select (select coalesce(sum(amount_cents), 0)::integer from payments.postings) as ledger, stock::integer from catalog.products where id = $1",
    [kept.productId],
  );
  assert.deepEqual(sums, { ledger: 0, stock: kept.stock - sold }, "the ledger sums to zero, and the stock fits");
  assert.deepEqual(await underWay(database), [], "no saga is stuck");
  assert.deepEqual(await stored(database, "deadLetters", { columns: ["name", "code", "reason"] }), [], "no dead letter");
}

export const spec: CrashSpec<Open> = {
  ...shared,
  prepare,
  async scenario({ call, quiet, kept }) {
    for (const quantity of [paidWith, declinedWith, unconfirmedWith]) {
      await buy(call, kept, quantity);
      await quiet();
    }
  },
  invariants: booksFit,
};

export const refunds: CrashSpec<Open> = {
  ...spec,
  async scenario({ call, quiet, kept }) {
    const { checkoutId: orderId } = await buy(call, kept, paidWith);
    await quiet();
    await call(cancelOrder, { orderId }, { actor: kept.ben });
    await quiet();
    await call(cancelOrder, { orderId }, { actor: kept.ben });
  },
};
