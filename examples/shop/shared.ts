import type { AppSpec } from "plimsoll";
import { redisCache, redisRates } from "plimsoll/redis";

/** What all processes of the shop have together in a Redis: the rates, and the values of cached queries. */
export function sharedIn(url: string, prefix = "plimsoll"): Pick<AppSpec, "rateLimit" | "cache"> {
  return {
    // The rate of one user to all operations together; what the relay declares is counted there too.
    rateLimit: { perSecond: 1_000, store: redisRates({ url, prefix }) },
    cache: { store: redisCache({ url, prefix }) },
  };
}
