import { readByHand } from "./by-hand.ts";

/** What a platform can reach that does not know how many statements a query will send. */
export const contender = readByHand("raw-second-flight", "after the answer");
