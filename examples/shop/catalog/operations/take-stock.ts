import { implement } from "plimsoll";
import * as catalog from "../contract.ts";
import { Product, take } from "../domain.ts";
import { productColumns } from "./columns.ts";

export const takeStock = implement(catalog.takeStock, async ({ lines: wanted }, { sql, fail, invalidate }) => {
  // Every order locks the products in the same sequence, so that two orders of the same products cannot deadlock.
  const shelf = await sql(Product)`
    select ${productColumns} from catalog.products
    where id = any (${wanted.map(({ productId }) => productId)}::uuid[])
    order by id for update`.many();
  const { lines, totalCents, unknown, short } = take(wanted, shelf);
  if (unknown[0] !== undefined) fail(catalog.ProductNotFound, { productId: unknown[0] });
  if (short.length > 0) fail(catalog.OutOfStock, { short });
  await sql`
    update catalog.products p set stock = stock - taken.quantity, version = version + 1
    from unnest(${lines.map(({ productId }) => productId)}::uuid[], ${lines.map(({ quantity }) => quantity)}::integer[]) as taken (id, quantity)
    where p.id = taken.id`.run();
  invalidate(...lines.map(({ productId }) => catalog.productTag(productId)));
  return { lines, totalCents };
});
