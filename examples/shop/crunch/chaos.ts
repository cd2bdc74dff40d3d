import { resource } from "plimsoll";
import { checksumOf } from "./domain.ts";

/** One attempt at an item. */
export interface Attempt {
  /** The same for every attempt. */
  readonly key: string;
  /** The number of this attempt; 1 for the first. */
  readonly attempt: number;
}

/** Decides which attempts fail on purpose, for those who want to see what happens then. */
export interface Chaos {
  fails(attempt: Attempt): boolean;
}

/** None, unless the composition root says otherwise. */
export const chaos = resource<Chaos>("crunch.chaos", { create: () => ({ fails: () => false }) });

/** Lets a share of all first attempts fail, the same ones whenever they are asked after. *Bounds*: 0 to 1. */
export function failFirstAttempts(share: number): Chaos {
  return { fails: ({ key, attempt }) => attempt === 1 && checksumOf(key) < share * 2 ** 32 };
}
