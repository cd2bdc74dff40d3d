import { systemClock } from "../../core/clock.ts";
import { type LeaseAsk, type LeaseGrant, type LeaseStore, renewMs } from "../../resilience/leases/lease-store.ts";
import { leasedRates } from "../../resilience/leases/leased-rates.ts";
import { MemoryLeases } from "../../resilience/leases/memory-leases.ts";
import type { QuotaAsk, QuotaGrant } from "../../resilience/leases/quota-rules.ts";
import { storeUnavailable } from "../../resilience/leases/unavailable.ts";
import type { RateStore } from "../../resilience/rate-limit.ts";
import type { Channel } from "./channel.ts";

interface Exchanged {
  readonly member: string;
  readonly asks: readonly LeaseAsk[];
}

interface Taken {
  readonly rate: LeaseAsk["rate"];
  readonly key: string;
}

/**
 * Counts the rates of a process together with the other processes of its supervisor, by leases. `channel`: the way to the supervisor; undefined before the
 * process has joined it.
 */
export function supervisorRates(channel: () => Channel | undefined): RateStore {
  return leasedRates({ name: "supervisor", open: () => supervisorLeases(channel) });
}

/** The leases that a supervisor keeps, as its processes reach them. */
export function supervisorLeases(channel: () => Channel | undefined): LeaseStore {
  const ask = async <T>(name: string, value: unknown): Promise<T> => {
    const end = channel();
    if (end === undefined) throw storeUnavailable("This process has no supervisor yet. Call supervise() before requests arrive.");
    return end.ask<T>(name, value, renewMs);
  };
  return {
    exchange: (member, asks) => ask<readonly LeaseGrant[]>("leases", { member, asks }),
    take: (rate, key) => ask<number>("take", { rate, key }),
    refund: async (rate, key) => void (await ask("refund", { rate, key })),
    quotas: (asks) => ask<readonly QuotaGrant[]>("quotas", asks),
  };
}

/** Keeps the leases of all processes: in the supervisor. */
export function memberLeases(): (channel: Channel) => void {
  const leases = new MemoryLeases(systemClock);
  return (channel) => {
    channel.reply("leases", ({ member, asks }: Exchanged) => leases.exchange(member, asks));
    channel.reply("take", ({ rate, key }: Taken) => leases.take(rate, key));
    channel.reply("quotas", (asks: readonly QuotaAsk[]) => leases.quotas(asks));
    channel.reply("refund", ({ rate, key }: Taken) => leases.refund(rate, key));
  };
}
