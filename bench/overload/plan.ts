import { fileURLToPath } from "node:url";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { prepareDatabase } from "../database/database.ts";
import { startServer } from "../harness/server.ts";
import { OwnRedis } from "../limits/redis.ts";
import { Lab, type LabSpec } from "./lab.ts";
import { connectionFlood } from "./scenarios/connections.ts";
import { redisKilled, setSleep, slowPostgres, slowUpstream, upstreamOutage } from "./scenarios/faults.ts";
import { flood, noisyTenant } from "./scenarios/priority.ts";
import { ramp, stepAndBack } from "./scenarios/ramp.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { fixedWorks, randomWorks, upstreamWork, type Work } from "./work.ts";

/** Scenarios that share their servers. */
export interface Group {
  /** Names of all its scenarios: a group of which none is asked for is not opened. */
  readonly names: readonly string[];
  open(use: (lab: Lab, scenarios: readonly Scenario[]) => Promise<void>): Promise<void>;
}

/** How long things take. */
export interface Times {
  readonly seconds: number;
  readonly outageSeconds: number;
  readonly quick: boolean;
  readonly seed: number;
}

const rate = 100;
const [cpu] = fixedWorks as [Work];

/** All that is measured. With `quick` what changes in time is measured of one operation only. */
export function groupsOf(times: Times): readonly Group[] {
  return [fixedGroup(times), upstreamGroup(times), redisGroup(times), randomGroup(times)];
}

async function withDatabase(works: readonly Work[], use: (env: LabSpec["env"], adminUrl: string) => Promise<void>): Promise<void> {
  const database = await prepareDatabase();
  try {
    await setSleep(database.adminUrl, works.find(({ kind }) => kind === "pool")!.ms);
    await use({ DATABASE_URL: database.url, ADMIN_DATABASE_URL: database.adminUrl }, database.adminUrl);
  } finally {
    await database.drop();
  }
}

function fixedGroup({ seconds, quick }: Times): Group {
  const some = quick ? fixedWorks.slice(0, 1) : fixedWorks;
  const pool = fixedWorks.find(({ kind }) => kind === "pool")!;
  const scenarios = (adminUrl: string): readonly Scenario[] => [
    ...fixedWorks.flatMap((work) => [1, 2, 5, 10].map((times) => ramp(work, times, seconds))),
    ...some.map((work) => stepAndBack(work, seconds)),
    ...[0.8, 0.9].map((part) => flood(cpu, part, seconds * 2)),
    ...some.map((work) => noisyTenant(work, seconds * 2)),
    // Nine tenths of what it can do at its full speed, and nearly twice what it can do at half of it.
    slowPostgres(pool, { adminUrl, perSecond: ((pool.places * 1_000) / pool.ms) * 0.75, seconds }),
    connectionFlood(cpu, seconds),
  ];
  return {
    names: scenarios("").map(({ name }) => name),
    open: (use) =>
      withDatabase(fixedWorks, async (env, adminUrl) => {
        await using lab = await Lab.start({ works: fixedWorks, ...(env && { env }) });
        await use(lab, scenarios(adminUrl));
      }),
  };
}

function upstreamGroup({ seconds, outageSeconds }: Times): Group {
  return {
    names: ["upstream slow", "upstream outage"],
    open: async (use) => {
      const file = fileURLToPath(new URL("servers/upstream.ts", import.meta.url));
      const upstream = await startServer({ name: "upstream", file, role: "load", nodeOptions: ["--conditions=source"] });
      await using proxy = new FaultProxy({ host: "127.0.0.1", port: Number(new URL(upstream.url).port) });
      await proxy.start();
      try {
        const env = { UPSTREAM_URL: proxy.through(upstream.url).replace(/\/$/, "") };
        await using lab = await Lab.start({ works: [upstreamWork], env });
        await use(lab, [slowUpstream(upstreamWork, upstream, seconds), upstreamOutage(upstreamWork, proxy, outageSeconds)]);
      } finally {
        await upstream.stop();
      }
    },
  };
}

function redisGroup({ seconds }: Times): Group {
  return {
    names: ["redis killed"],
    open: async (use) => {
      const redis = await OwnRedis.start();
      try {
        await using lab = await Lab.start({ works: [cpu], env: { REDIS_URL: redis.url, RATE: String(rate) } });
        await use(lab, [redisKilled(cpu, redis, { rate, seconds })]);
      } finally {
        await redis.kill();
      }
    },
  };
}

function randomGroup({ seconds, quick, seed }: Times): Group {
  const works = randomWorks(seed);
  const scenarios = works.flatMap((work) => (quick ? [5] : [2, 5, 10]).map((times) => ramp(work, times, seconds)));
  return {
    names: scenarios.map(({ name }) => name),
    open: (use) =>
      withDatabase(works, async (env) => {
        await using lab = await Lab.start({ works, ...(env && { env }) });
        await use(lab, scenarios);
      }),
  };
}
