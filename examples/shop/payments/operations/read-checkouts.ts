import { implement, sqlFragment } from "plimsoll";
import * as payments from "../contract.ts";
import { Checkout } from "../domain.ts";

const columns = sqlFragment`id, state, amount_cents, currency, problem, started_at`;

export const getCheckout = implement(payments.getCheckout, ({ checkoutId }, { sql }) =>
  sql(Checkout)`select ${columns} from payments.checkouts where id = ${checkoutId}`.one(),
);

// Ids are made in the order of time, so the latest have the greatest.
export const listCheckouts = implement(payments.listCheckouts, (input, { sql, page, actor }) =>
  page(input, {
    rows: (after: string | undefined, limit) => {
      const before = after ? sql`and id < ${after}` : sql``;
      return sql(Checkout)`
        select ${columns} from payments.checkouts
        where customer_id = ${actor.id} ${before} order by id desc limit ${limit}`.many();
    },
    position: ({ id }) => id,
  }),
);
