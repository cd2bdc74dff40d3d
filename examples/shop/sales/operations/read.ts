import { implement } from "plimsoll";
import * as contract from "../contract.ts";

/** Of a day, at the most: the rest is in the total. */
const mostProducts = 1_000;

export const readLive = implement(contract.readLive, async ({ seconds: count }, { sql }) => {
  const seconds = await sql(contract.Second)`
    select second, visits + orders + cancellations as requests, visits, orders, cancellations, ordered_cents
    from sales.seconds where second > plimsoll.now() - make_interval(secs => ${count}) order by second desc limit ${count + 1}`.many();
  return { requests: seconds.reduce((sum, { requests }) => sum + requests, 0), seconds };
});

export const readRevenue = implement(contract.readRevenue, async ({ day }, { sql }) => {
  const products = await sql(contract.DayOfProduct)`
    select product_id, name, quantity, cents from sales.revenue where day = ${day} order by cents desc, product_id limit ${mostProducts}`.many();
  const { total } = await sql<{
    total: number;
  }>`select coalesce(sum(cents), 0)::bigint as total from sales.revenue where day = ${day}`.one();
  return { totalCents: Number(total), products };
});
