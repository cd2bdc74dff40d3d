import { setTimeout as pause } from "node:timers/promises";
import { hold } from "../../../src/load/index.ts";
import type { FaultProxy } from "../../../src/testing/fault-proxy.ts";
import { withClient } from "../../database/database.ts";
import type { Server } from "../../harness/server.ts";
import type { OwnRedis } from "../../limits/redis.ts";
import { contenders } from "../lab.ts";
import { type Row, rowOf } from "../row.ts";
import type { Work } from "../work.ts";
import { type Load, recoveryOf, type Scenario, streamTo } from "./scenario.ts";

const before = 2;
const after = 5;

interface Fault {
  readonly name: string;
  readonly work: Work;
  /** Calls per second, all the time. */
  readonly perSecond: number;
  /** How long the fault lasts. */
  readonly seconds: number;
  readonly load?: Partial<Load>;
  /** Whether the overload ends with the fault: otherwise there is nothing to recover from. *Default*: true. */
  readonly recovers?: boolean;
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** Something fails in the middle of a steady load, and works again. */
function faultIn({ name, work, perSecond, seconds, load, recovers = true, begin, end }: Fault): Scenario {
  return {
    name,
    run: async (lab) => {
      const endMs = (before + seconds) * 1_000;
      const rows: Row[] = [];
      let best = 0;
      for (const contender of contenders) {
        const stream = streamTo(lab.servers[contender], work, { ...load, phases: [hold(perSecond, before + seconds + after)] });
        const result = await lab.one(stream, async () => {
          await pause(before * 1_000);
          await begin();
          await pause(seconds * 1_000);
          await end();
        });
        if (contender === "ideal") best = result.goodput;
        rows.push(
          rowOf({
            ...{ name: contender, scenario: name, goodputRatio: result.goodput / best, admittedP99Ms: result.p99Ms },
            ...{ deadlineMs: stream.deadlineMs, criticalRefused: 0, goodput: Math.round(result.goodput) },
            recoveryMs: recovers ? recoveryOf(result.windows, endMs) : 0,
          }),
        );
      }
      return rows;
    },
  };
}

/** An upstream that takes ten times as long, so that it can do half of what is asked. */
export function slowUpstream(work: Work, upstream: Server, seconds: number): Scenario {
  const set = async (ms: number) => void (await fetch(`${upstream.url}/slow?ms=${ms}`).then((response) => response.text()));
  const slowMs = work.ms * 10;
  const perSecond = ((work.places * 1_000) / slowMs) * 2;
  return faultIn({ name: "upstream slow", work, perSecond, seconds, begin: () => set(slowMs), end: () => set(work.ms) });
}

/** An upstream that resets every connection, under clients that try again. */
export function upstreamOutage(work: Work, proxy: FaultProxy, seconds: number): Scenario {
  return faultIn({
    ...{ name: "upstream outage", work, perSecond: 200, seconds, load: { retries: true, deadlineMs: 1_000 } },
    begin: async () => {
      proxy.set({ connections: "reset" });
      proxy.reset();
    },
    end: async () => proxy.heal(),
  });
}

/** The store of a rate is killed while three times the rate is offered. */
export function redisKilled(work: Work, redis: OwnRedis, { rate, seconds }: { readonly rate: number; readonly seconds: number }): Scenario {
  return faultIn({
    ...{ name: "redis killed", work, perSecond: rate * 3, seconds, recovers: false },
    begin: () => redis.kill(),
    end: () => redis.start(),
  });
}

/** Every statement takes twice as long: what the pool could do is twice what it can. */
export function slowPostgres(
  work: Work,
  { adminUrl, perSecond, seconds }: { readonly adminUrl: string; readonly perSecond: number; readonly seconds: number },
): Scenario {
  const set = (ms: number) => setSleep(adminUrl, ms);
  return faultIn({ name: "postgres half speed", work, perSecond, seconds, begin: () => set(work.ms * 2), end: () => set(work.ms) });
}

/** How long the statement of a `pool` sleeps. */
export async function setSleep(adminUrl: string, ms: number): Promise<void> {
  await withClient(adminUrl, (client) =>
    client.query(`
      create or replace function bench_hand.work() returns integer language plpgsql as
      $$ begin perform pg_sleep(${ms / 1_000}); return 1; end $$`),
  );
}
