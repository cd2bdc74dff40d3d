import { Channel, type ChannelEnd } from "../../src/app/processes/channel.ts";
import { supervisorRates } from "../../src/app/processes/rates.ts";
import { redisRates } from "../../src/redis/rates.ts";
import type { RateStore } from "../../src/resilience/rate-limit.ts";
import type { MemberOrder } from "./bench.ts";

/** The store that a member counts in. */
export function openStore({ url }: MemberOrder): RateStore {
  if (url !== undefined) return redisRates({ url });
  const channel = new Channel(process as ChannelEnd);
  return supervisorRates(() => channel);
}
