import { z } from "zod";
import { Version } from "../versioning.ts";

export const Cents = z.int().min(0).max(100_000_000);

/** What one may say of a product. */
export const ProductFacts = z.object({
  name: z.string().trim().min(1).max(200),
  description: z.string().trim().max(2_000),
  priceCents: Cents,
  stock: z.int().min(0).max(1_000_000),
});

/** What must be said of a new one. */
export const NewProduct = ProductFacts.extend({
  description: ProductFacts.shape.description.default(""),
  stock: ProductFacts.shape.stock.default(0),
});

export const Product = z.object({ id: z.uuid(), ...ProductFacts.shape, version: Version });
export type Product = z.infer<typeof Product>;

/** So many of a product. */
export const Line = z.object({ productId: z.uuid(), quantity: z.int().min(1).max(1_000) });
export type Line = z.infer<typeof Line>;

/** What was taken from the shelf, at the price of that moment. */
export const TakenLine = Line.extend({ name: z.string(), unitCents: Cents });
export type TakenLine = z.infer<typeof TakenLine>;

export const Shortage = Line.extend({ left: z.int() });

/** What taking lines from a shelf would come to. */
interface Taking {
  readonly lines: TakenLine[];
  readonly totalCents: number;
  /** Products that are not on the shelf. */
  readonly unknown: string[];
  /** Products of which there are too few. */
  readonly short: z.infer<typeof Shortage>[];
}

/** Lines that name one product become one line. */
export function mergeLines(lines: readonly Line[]): Line[] {
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of lines) quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  return [...quantities].map(([productId, quantity]) => ({ productId, quantity }));
}

/** Works out what can be taken: all of it, or it says what is in the way. */
export function take(wanted: readonly Line[], shelf: readonly Product[]): Taking {
  const products = new Map(shelf.map((product) => [product.id, product]));
  const taking: Taking & { totalCents: number } = { lines: [], totalCents: 0, unknown: [], short: [] };
  for (const { productId, quantity } of mergeLines(wanted)) {
    const product = products.get(productId);
    if (product === undefined) taking.unknown.push(productId);
    else if (product.stock < quantity) taking.short.push({ productId, quantity, left: product.stock });
    else {
      taking.lines.push({ productId, quantity, name: product.name, unitCents: product.priceCents });
      taking.totalCents += quantity * product.priceCents;
    }
  }
  return taking;
}
