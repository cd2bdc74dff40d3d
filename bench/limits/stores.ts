import { redisRates } from "../../src/redis/rates.ts";
import type { RateStore } from "../../src/resilience/rate-limit.ts";
import type { MemberOrder } from "./bench.ts";

/** The store that a member counts in. */
export function openStore({ url }: MemberOrder): RateStore {
  return redisRates({ url });
}
