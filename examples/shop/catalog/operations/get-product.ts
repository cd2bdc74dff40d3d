import { implement } from "plimsoll";
import * as catalog from "../contract.ts";
import { Product } from "../domain.ts";
import { productColumns } from "./columns.ts";

export const getProduct = implement(
  catalog.getProduct,
  async ({ productId }, { sql, fail }) =>
    (await sql(Product)`select ${productColumns} from catalog.products where id = ${productId}`.maybe()) ??
    fail(catalog.ProductNotFound, { productId }),
);
