import { readBooks } from "../../../examples/shop/provider.ts";
import { withClient } from "../../../src/postgres/client.ts";
import { taskTables } from "../../tasks/books/task-tables.ts";
import type { Verdict } from "../verdict.ts";
import type { Buyers } from "./buyers.ts";

/** What the shop's tables have against the replies that the buyers got, and the provider's books against ours. Every list must be empty. */
export interface ShopVerdict extends Verdict {
  readonly wronglyCharged: readonly string[];
}

interface CheckoutRow {
  readonly id: string;
  readonly state: string;
  readonly quantity: number;
  readonly cents: number;
}

/** What was there before the first sale. */
export interface Beginning {
  readonly productId: string;
  readonly stock: number;
}

export async function judgeShop(adminUrl: string, { buyers, books, beginning }: { buyers: Buyers; books: string; beginning: Beginning }) {
  return withClient(adminUrl, async (database): Promise<ShopVerdict> => {
    const { rows } = await database.query<CheckoutRow>(
      "select id, state, (lines -> 0 ->> 'quantity')::int as quantity, amount_cents::int as cents from payments.checkouts",
    );
    const { rows: sums } = await database.query<{ problem: string }>(unbalanced, [beginning.productId, beginning.stock]);
    const { rows: left } = await database.query<{ problem: string }>(undone);
    const there = new Map(rows.map((row) => [row.id, row]));
    const known = new Set([...buyers.acknowledged.values()].map(({ checkoutId }) => checkoutId));
    return {
      lost: [...buyers.acknowledged].filter(([, { checkoutId }]) => !there.has(checkoutId)).map(([key]) => key),
      doneTwice: [...rows.filter(({ id }) => !known.has(id)).map(({ id }) => id), ...shared(buyers)],
      contradicted: [...buyers.acknowledged].flatMap(([key, { checkoutId, quantity, cancelled }]) => {
        const row = there.get(checkoutId);
        const fits = row === undefined || (row.quantity === quantity && row.state === (cancelled ? "refunded" : "paid"));
        return fits ? [] : [`${key} is ${JSON.stringify(row)}, and the buyer ${cancelled ? "has" : "has not"} cancelled`];
      }),
      unanswered: [...buyers.sent].filter((key) => !buyers.acknowledged.has(key)),
      unbalanced: sums.map(({ problem }) => problem),
      undone: left.map(({ problem }) => problem),
      wronglyCharged: chargedWrongly(rows, books),
    };
  });
}

/** Two keys with one checkout. */
function shared({ acknowledged }: Buyers): readonly string[] {
  const byId = Map.groupBy(acknowledged.entries(), ([, { checkoutId }]) => checkoutId);
  return [...byId.values()].filter((keys) => keys.length > 1).map((keys) => keys.map(([key]) => key).join(" and "));
}

/** Each paid checkout is captured once with its amount, and each refunded one is repaid once too. Of the others nothing is left. */
function chargedWrongly(rows: readonly CheckoutRow[], books: string): readonly string[] {
  const lines = Map.groupBy(readBooks(books), ({ merchant_ref }) => merchant_ref.slice("acme/".length));
  const ids = new Set(rows.map(({ id }) => id));
  const foreign = [...lines.keys()].filter((id) => !ids.has(id)).map((id) => `a line for ${id}, which is no checkout`);
  return [
    ...foreign,
    ...rows.flatMap(({ id, state, cents }) => {
      const own = (lines.get(id) ?? []).map(({ line_type, amount_minor }) => `${line_type} ${amount_minor}`).join(", ");
      const expected = { paid: `capture ${cents}`, refunded: `capture ${cents}, repayment ${cents}` }[state];
      return own === (expected ?? "") ? [] : [`checkout ${id}, ${state}, has ${own || "no line"}`];
    }),
  ];
}

/** Whether nothing is left of what was begun before that time, in milliseconds since the epoch. */
export async function isHealed(adminUrl: string, before: number): Promise<boolean> {
  return withClient(adminUrl, async (database) => {
    const { rows } = await database.query(
      `select from plimsoll.sagas where ended is null and started <= $1 union all select from ${taskTables.tasks} where born <= $1
       union all select from ${taskTables.later} where born <= $1
       union all select from orders.orders o where not exists (select from notifications.receipts r where r.order_id = o.id)
         and extract(epoch from placed_at) * 1000 <= $1 limit 1`,
      [Math.floor(before)],
    );
    return rows.length === 0;
  });
}

const unbalanced = `
  select format('the ledger sums to %s', sum(amount_cents)) as problem from payments.postings having sum(amount_cents) <> 0
  union all
  select format('stock is %s, and %s of %s are sold', p.stock, s.sold, $2::int) from catalog.products p, (
    select coalesce(sum((lines -> 0 ->> 'quantity')::int), 0) as sold from payments.checkouts where state = 'paid') s
  where p.id = $1 and p.stock <> $2::int - s.sold
  union all
  select format('checkout %s, %s, has the entries %s', c.id, c.state, e.kinds) from payments.checkouts c
  left join lateral (select string_agg(kind, ' ' order by kind) as kinds, min(amount_cents) as least, max(amount_cents) as most
    from payments.entries where checkout_id = c.id) e on true
  where coalesce(e.kinds, '') <> case c.state when 'paid' then 'charge sale' when 'refunded' then 'charge refund sale' else '' end
    or e.least <> c.amount_cents or e.most <> c.amount_cents
  union all
  select format('order %s, %s, of %s, where the checkout is %s, of %s', c.id, o.status, o.total_cents, c.state, c.amount_cents)
  from payments.checkouts c full join orders.orders o using (id)
  where c.state is distinct from case o.status when 'paid' then 'paid' when 'cancelled' then 'refunded' end or o.total_cents <> c.amount_cents`;

const undone = `
  select format('saga %s of %s is %s: %s', id, name, state, fault) as problem from plimsoll.sagas where ended is null
  union all
  select format('task %s is left: lease %s', id, lease) from ${taskTables.tasks}
  union all
  select format('task %s was given up: %s', id, reason) from ${taskTables.deadLetters}
  union all
  select format('order %s has %s receipts', o.id, count(r.order_id)) from orders.orders o
  left join notifications.receipts r on r.order_id = o.id group by o.id having count(r.order_id) <> 1`;
