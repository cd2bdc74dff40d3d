import { implement } from "plimsoll";
import { z } from "zod";
import * as catalog from "../contract.ts";
import { Product, searchText } from "../domain.ts";
import { productColumns } from "./columns.ts";

const Found = Product.extend({ rank: z.number() });
type Found = z.infer<typeof Found>;

export const listProducts = implement(catalog.listProducts, (input, { sql, page }) => {
  const { query } = input;
  if (query)
    return page(input, {
      rows: (after: Pick<Found, "rank" | "id"> | undefined, limit) =>
        sql(
          Found,
        )`select * from catalog.search_products(${searchText(query)}, ${after?.rank ?? null}, ${after?.id ?? null}, ${limit})`.many(),
      position: ({ rank, id }) => ({ rank, id }),
    });
  return page(input, {
    rows: (after: Pick<Product, "name" | "id"> | undefined, limit) => {
      const from = after ? sql`where (name, id) > (${after.name}, ${after.id})` : sql``;
      return sql(Product)`select ${productColumns} from catalog.products ${from} order by name, id limit ${limit}`.many();
    },
    position: ({ name, id }) => ({ name, id }),
  });
});
