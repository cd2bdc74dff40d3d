import { z } from "zod";

/** What is crunched: any text. */
export const Item = z.string().min(1).max(1_000);

/** The outcome of an item. A failed one has neither checksum nor score. */
export const Result = z.object({ outcome: z.enum(["done", "failed"]), checksum: z.int().nullable(), score: z.int().nullable() });
export type Result = z.infer<typeof Result>;

/** The same, with the item that it is for: there is one result for each item of a batch. */
export const ItemResult = Result.extend({ batchId: z.uuid(), item: z.int().min(0), attempts: z.int().min(1) });
export type ItemResult = z.infer<typeof ItemResult>;

export const failed: Result = { outcome: "failed", checksum: null, score: null };

/** Crunches one item: the same text always comes to the same. */
export function crunchText(text: string): Result {
  return { outcome: "done", checksum: checksumOf(text), score: scoreOf(text) };
}

/**
 * Thirty-two bits that tell texts apart.
 * *Source*: FNV-1a, over the UTF-8 bytes.
 */
export function checksumOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** How many different words there are, whatever their case. */
export function scoreOf(text: string): number {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu)).size;
}

/** The outcomes of all items of a tenant. */
export const Progress = z.object({
  done: z.int(),
  failed: z.int(),
  waiting: z.int(),
  /** How long the one that waits longest has waited. *Units*: milliseconds. */
  lagMs: z.int(),
});
