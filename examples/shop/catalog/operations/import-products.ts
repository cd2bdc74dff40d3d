import { implement } from "plimsoll";
import * as catalog from "../contract.ts";

export const importProducts = implement(catalog.importProducts, async ({ products }, { sql, newId, invalidate }) => {
  const rows = products.map((product) => ({ id: newId(), ...product }));
  await sql`
    insert into catalog.products (id, name, description, price_cents, stock)
    select id, name, description, "priceCents", stock
    from json_to_recordset(${JSON.stringify(rows)}) as row (id uuid, name text, description text, "priceCents" integer, stock integer)`.run();
  invalidate("products");
  return {};
});
