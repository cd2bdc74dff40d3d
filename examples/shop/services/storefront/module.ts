import { implement, module } from "plimsoll";
import type { z } from "zod";
import { listProducts } from "../../catalog/contract.ts";
import { listOrders } from "../../orders/contract.ts";
import { listCheckouts } from "../../payments/contract.ts";
import { home, type Part } from "./contract.ts";
import { degraded as degradedParts } from "./metrics.ts";

const shown = 10;
const lost: ReadonlySet<string | undefined> = new Set(["unavailable", "deadline_exceeded"]);

const showHome = implement(home, async (_, { call, count, note }) => {
  const degraded: z.infer<typeof Part>[] = [];
  // Declared: what a part has lost is null, and the page says so. A refusal of the caller is no loss, and stays one.
  const part = async <T>(name: z.infer<typeof Part>, reading: Promise<{ readonly items: T }>): Promise<T | null> => {
    try {
      return (await reading).items;
    } catch (error) {
      if (!lost.has((error as { readonly code?: string }).code)) throw error;
      degraded.push(name);
      count(degradedParts, { part: name });
      return null;
    }
  };
  const [products, orders, checkouts] = await Promise.all([
    part("products", call(listProducts, { limit: shown })),
    part("orders", call(listOrders, { limit: shown })),
    part("checkouts", call(listCheckouts, { limit: shown })),
  ]);
  if (degraded.length > 0) note({ degraded: degraded.join(", ") });
  return { products, orders, checkouts, degraded };
});

export const storefront = module("storefront", { operations: [showHome], metrics: [degradedParts] });
