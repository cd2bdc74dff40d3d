import { implement } from "plimsoll";
import * as catalog from "../contract.ts";
import { mergeLines } from "../domain.ts";

export const returnStock = implement(catalog.returnStock, async ({ lines }, { sql, invalidate }) => {
  const returned = mergeLines(lines);
  const ids = returned.map(({ productId }) => productId);
  // In the same order as they are taken in.
  await sql`select from catalog.products where id = any (${ids}::uuid[]) order by id for update`.run();
  await sql`
    update catalog.products p set stock = stock + returned.quantity, version = version + 1
    from unnest(${ids}::uuid[], ${returned.map(({ quantity }) => quantity)}::integer[]) as returned (id, quantity)
    where p.id = returned.id`.run();
  invalidate(...ids.map(catalog.productTag));
  return {};
});
