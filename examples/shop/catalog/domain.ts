import { z } from "zod";
import { Version } from "../versioning.ts";

const Cents = z.int().min(0).max(100_000_000);

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

/** A product as it is kept. What comes back from cancelled orders is put on top of what an administrator counted, so its stock has no upper bound. */
export const Product = z.object({ id: z.uuid(), ...ProductFacts.shape, stock: z.int().min(0), version: Version });
export type Product = z.infer<typeof Product>;

const maxLines = 100;
const maxQuantity = 1_000;

/** So many of a product. */
export const Line = z.object({ productId: z.uuid(), quantity: z.int().min(1).max(maxQuantity) });
export type Line = z.infer<typeof Line>;

/** What is ordered at once. */
export const Lines = z.array(Line).min(1).max(maxLines);

/** All that an order has of one product: lines that name it are added up. */
const MergedLine = Line.extend({
  quantity: z
    .int()
    .min(1)
    .max(maxLines * maxQuantity),
});

/** All that an order has. */
export const MergedLines = z.array(MergedLine).min(1).max(maxLines);

/** What was taken from the shelf, at the price of that moment. */
export const TakenLine = MergedLine.extend({ name: z.string(), unitCents: Cents });
export type TakenLine = z.infer<typeof TakenLine>;

export const Shortage = MergedLine.extend({ left: z.int() });
export type Shortage = z.infer<typeof Shortage>;

/**
 * Writes a search so that PostgreSQL reads it: of hyphens with no word in between, the last one stays.
 * A hyphen means "not", and `websearch_to_tsquery` fails on more than 31 of them before one word ("tsquery stack too small").
 */
export function searchText(query: string): string {
  return query.replaceAll(/-[^\p{L}\p{M}\p{N}"]*(?=-)/gu, "");
}

/** Lines that name one product become one line. */
export function mergeLines(lines: readonly Line[]): Line[] {
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of lines) quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  return [...quantities].map(([productId, quantity]) => ({ productId, quantity }));
}

/** What taking lines from a shelf would come to. */
interface Taking {
  readonly lines: TakenLine[];
  readonly totalCents: number;
  /** Products that are not on the shelf. */
  readonly unknown: string[];
  /** Products of which there are too few. */
  readonly short: Shortage[];
}

/** Works out what can be taken, and what is in the way of taking it all. */
export function take(wanted: readonly Line[], shelf: readonly Product[]): Taking {
  const products = new Map(shelf.map((product) => [product.id, product]));
  const [lines, unknown, short]: [TakenLine[], string[], Shortage[]] = [[], [], []];
  for (const line of mergeLines(wanted)) {
    const product = products.get(line.productId);
    if (product === undefined) unknown.push(line.productId);
    else if (product.stock < line.quantity) short.push({ ...line, left: product.stock });
    else lines.push({ ...line, name: product.name, unitCents: product.priceCents });
  }
  return { lines, totalCents: lines.reduce((sum, { quantity, unitCents }) => sum + quantity * unitCents, 0), unknown, short };
}
