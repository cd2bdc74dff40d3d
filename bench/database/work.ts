/** The work of the database benches, the same for every contender. */

export const products = 10_000;
export const initialStock = 1_000_000;
export const tenant = "tea-shop";
export const actorId = "0198c2f4-1d20-7f7e-8a6f-51c7e0d4b9aa";
/** What one execution may take. */
export const deadlineMs = 1_000;

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly priceCents: number;
  readonly stock: number;
}

/** A product for the i-th execution: spread over the table, so that neighbours in time meet neither in a row nor in a page. */
export function productId(i: number): string {
  return `00000000-0000-4000-8000-${String((i * 7_919) % products).padStart(12, "0")}`;
}
