import { z } from "zod";

/** What every list takes; `scope.page` reads the page. */
export const pageInput = {
  limit: z.int().min(1).max(100).default(20),
  cursor: z.string().optional(),
};

/** One page of anything. */
export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().optional() });
