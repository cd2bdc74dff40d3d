import { action, signedIn } from "plimsoll";
import { z } from "zod";
import { listProducts } from "../../catalog/contract.ts";
import { listOrders } from "../../orders/contract.ts";
import { listCheckouts } from "../../payments/contract.ts";

/** The parts of the page, each of which may be missing. */
export const Part = z.enum(["products", "orders", "checkouts"]);

export const home = action("storefront.home", {
  summary: "Read all that the first page shows; a part that cannot be had is null, and listed in `degraded`",
  input: z.object({}),
  output: z.object({
    products: listProducts.output.shape.items.nullable(),
    orders: listOrders.output.shape.items.nullable(),
    checkouts: listCheckouts.output.shape.items.nullable(),
    degraded: z.array(Part),
  }),
  access: signedIn(),
  idempotent: "natural",
  budget: "2s",
  http: "POST /v1/home",
});
