import { command, fault, query, role, signedIn } from "plimsoll";
import { z } from "zod";
import { system } from "../access.ts";
import { pageInput, pageOf } from "../paging.ts";
import { Version, VersionMismatch } from "../versioning.ts";
import { Lines, MergedLines, NewProduct, Product, ProductFacts, Shortage, TakenLine } from "./domain.ts";

export { Lines, type ProductFacts, TakenLine };

export const ProductNotFound = fault("product_not_found", {
  code: "not_found",
  details: z.object({ productId: z.string() }),
  message: ({ productId }) => `There is no product ${productId}.`,
});

export const OutOfStock = fault("out_of_stock", {
  code: "failed_precondition",
  details: z.object({ short: z.array(Shortage) }),
  message: ({ short }) => `There is too little of ${short.length} of the products. Order no more than what is left.`,
});

export const HoldReleased = fault("hold_released", {
  code: "failed_precondition",
  details: z.object({ holdId: z.string() }),
  message: ({ holdId }) => `What was held for ${holdId} is on the shelf again, and is not held a second time.`,
});

/** By which commands invalidate what is kept of a product. */
export const productTag = (productId: string) => `product:${productId}`;

export const listProducts = query("catalog.list-products", {
  summary: "List products by name, or search them",
  input: z.object({ query: z.string().trim().max(200).optional(), ...pageInput }),
  output: pageOf(Product),
  access: signedIn(),
  budget: "2s",
  // What an order takes from the shelf changes the pages that show the product; what else changes may change any page.
  cache: { ttl: "30s", staleFor: "5m", per: "tenant", tags: (_, { items }) => ["products", ...items.map(({ id }) => productTag(id))] },
  http: "GET /v1/products",
});

export const getProduct = query("catalog.get-product", {
  summary: "Read a product",
  input: z.object({ productId: z.uuid() }),
  output: Product,
  faults: [ProductNotFound],
  access: signedIn(),
  budget: "1s",
  cache: { ttl: "30s", staleFor: "5m", per: "tenant", tags: ({ productId }) => [productTag(productId)] },
  http: { route: "GET /v1/products/{productId}", etag: ({ version }) => version },
});

export const createProduct = command("catalog.create-product", {
  summary: "Add a product",
  input: NewProduct,
  output: Product,
  access: role("administrator"),
  idempotent: "no",
  budget: "1s",
  http: { route: "POST /v1/products", status: 201, location: ({ id }) => `/v1/products/${id}`, etag: ({ version }) => version },
});

export const updateProduct = command("catalog.update-product", {
  summary: "Change a product",
  input: ProductFacts.partial().extend({ productId: z.uuid(), version: Version }),
  output: Product,
  faults: [ProductNotFound, VersionMismatch],
  access: role("administrator"),
  idempotent: "natural",
  budget: "1s",
  http: { route: "PATCH /v1/products/{productId}", ifMatch: "version", etag: ({ version }) => version },
});

/** Internal: takes all of the lines from the shelf, or nothing. */
export const takeStock = command("catalog.take-stock", {
  input: z.object({ lines: Lines }),
  output: z.object({ lines: z.array(TakenLine), totalCents: z.int() }),
  faults: [ProductNotFound, OutOfStock],
  access: signedIn(),
  idempotent: "no",
  budget: "1s",
});

/** Internal: puts lines back on the shelf. */
export const returnStock = command("catalog.return-stock", {
  input: z.object({ lines: MergedLines }),
  output: z.object({}),
  access: signedIn(),
  idempotent: "no",
  budget: "1s",
});

const Held = z.object({ holdId: z.uuid() });

/** Internal: takes lines from the shelf for a sale that is not sure yet, or nothing. The same hold again takes nothing more, and returns what it has. */
export const holdStock = command("catalog.hold-stock", {
  input: Held.extend({ lines: Lines }),
  output: takeStock.output,
  faults: [ProductNotFound, OutOfStock, HoldReleased],
  access: system,
  idempotent: "natural",
  budget: "5s",
});

/** Internal: puts back what is held, once. A hold that is released before it took anything takes nothing afterwards. */
export const releaseHold = command("catalog.release-hold", {
  input: Held,
  output: z.object({ isReleased: z.boolean() }),
  access: signedIn(),
  idempotent: "natural",
  budget: "5s",
});

/** Internal: puts many products into the catalogue at once. */
export const importProducts = command("catalog.import-products", {
  input: z.object({ products: z.array(ProductFacts).min(1).max(1_000) }),
  output: z.object({}),
  access: system,
  idempotent: "no",
  budget: "10s",
});
