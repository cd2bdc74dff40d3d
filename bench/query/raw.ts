import { readByHand } from "./by-hand.ts";

/** Only who knows that there is no other statement can send the commit with it: this is the fastest that it can be. */
export const contender = readByHand("raw", "with the read");
