import { implement } from "plimsoll";
import * as catalog from "../contract.ts";
import { Product } from "../domain.ts";
import { productColumns } from "./columns.ts";

export const createProduct = implement(catalog.createProduct, ({ name, description, priceCents, stock }, { sql, newId, invalidate }) => {
  invalidate("products");
  return sql(Product)`
    insert into catalog.products (id, name, description, price_cents, stock)
    values (${newId()}, ${name}, ${description}, ${priceCents}, ${stock})
    returning ${productColumns}`.one();
});
