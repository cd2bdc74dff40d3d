import { hold } from "../../../src/load/index.ts";
import type { StreamResult } from "../load/stream.ts";
import { type Row, rowOf } from "../row.ts";
import type { Work } from "../work.ts";
import { type Scenario, streamTo, warmUpMs } from "./scenario.ts";

const compared = ["plimsoll", "fastify"] as const;
const tenants = 9;

/** Five times the capacity of what may be shed, under a part of it that is critical. */
export function flood(work: Work, part: number, seconds: number): Scenario {
  const name = `flood ${part}`;
  return {
    name,
    run: async (lab) => {
      const capacity = lab.capacityOf(work);
      const wait = seconds + warmUpMs / 1_000;
      const rows: Row[] = [];
      for (const contender of compared) {
        const server = lab.servers[contender];
        const critical = streamTo(server, work, { phases: [hold(capacity * part, wait)], path: `${work.name}-critical` });
        const sheddable = streamTo(server, work, { phases: [hold(capacity * 5, wait)], path: `${work.name}-sheddable`, seed: 2 });
        const alone = await lab.one(critical);
        const [kept] = (await lab.send([critical, sheddable])) as [StreamResult];
        rows.push(
          rowOf({
            ...{ name: contender, scenario: name, goodputRatio: kept.goodput / alone.goodput, admittedP99Ms: kept.p99Ms },
            ...{ deadlineMs: work.deadlineMs, criticalRefused: kept.refused, recoveryMs: 0, goodput: Math.round(kept.goodput) },
          }),
        );
      }
      return rows;
    },
  };
}

/** Ten tenants with a part of the capacity each, of which one sends a hundred times as much. */
export function noisyTenant(work: Work, seconds: number): Scenario {
  const name = `${work.name} noisy`;
  return {
    name,
    run: async (lab) => {
      const capacity = lab.capacityOf(work);
      const wait = seconds + warmUpMs / 1_000;
      const rows: Row[] = [];
      for (const contender of compared) {
        const server = lab.servers[contender];
        const phases = [hold((capacity * 0.6) / tenants, wait)];
        const quiet = Array.from({ length: tenants }, (_, n) => streamTo(server, work, { phases, tenant: `t${n}`, seed: n + 1 }));
        const noisy = streamTo(server, work, { phases: [hold(capacity * 6, wait)], tenant: "noisy", seed: 99 });
        const alone = await lab.send(quiet);
        const beside = (await lab.send([...quiet, noisy])).slice(0, tenants);
        const sum = (results: readonly StreamResult[]) => results.reduce((all, { goodput }) => all + goodput, 0);
        rows.push(
          rowOf({
            ...{ name: contender, scenario: name, goodputRatio: sum(beside) / sum(alone), deadlineMs: work.deadlineMs },
            ...{ admittedP99Ms: Math.max(...beside.map(({ p99Ms }) => p99Ms)), criticalRefused: 0, recoveryMs: 0 },
          }),
        );
      }
      return rows;
    },
  };
}
