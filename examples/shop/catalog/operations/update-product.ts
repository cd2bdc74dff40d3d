import { implement } from "plimsoll";
import { expectVersion } from "../../versioning.ts";
import * as catalog from "../contract.ts";
import { Product } from "../domain.ts";
import { productColumns } from "./columns.ts";

export const updateProduct = implement(catalog.updateProduct, async ({ productId, version, ...changes }, { sql, fail, invalidate }) => {
  const found = await sql(Product)`select ${productColumns} from catalog.products where id = ${productId} for update`.maybe();
  if (found === undefined) return fail(catalog.ProductNotFound, { productId });
  expectVersion(found, version, { fail });
  const { name, description, priceCents, stock } = { ...found, ...changes };
  invalidate("products", catalog.productTag(productId));
  return sql(Product)`
    update catalog.products
    set name = ${name}, description = ${description}, price_cents = ${priceCents}, stock = ${stock}, version = version + 1
    where id = ${productId}
    returning ${productColumns}`.one();
});
