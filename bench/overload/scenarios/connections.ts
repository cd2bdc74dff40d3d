import { hold } from "../../../src/load/index.ts";
import { contenders } from "../lab.ts";
import type { StreamResult } from "../load/stream.ts";
import { type Row, rowOf } from "../row.ts";
import type { Work } from "../work.ts";
import { type Scenario, streamTo, warmUpMs } from "./scenario.ts";

const perSecond = 600;

/** A steady load of half the capacity beside connections that open, say nothing and go. */
export function connectionFlood(work: Work, seconds: number): Scenario {
  const name = "connections";
  return {
    name,
    run: async (lab) => {
      const wait = seconds + warmUpMs / 1_000;
      const rows: Row[] = [];
      let best = 0;
      for (const contender of contenders) {
        const server = lab.servers[contender];
        const steady = streamTo(server, work, { phases: [hold(lab.capacityOf(work) * 0.5, wait)] });
        const opened = streamTo(server, work, { phases: [hold(perSecond, wait)], onlyConnects: true, deadlineMs: 10_000, seed: 2 });
        const [kept] = (await lab.send([steady, opened])) as [StreamResult];
        if (contender === "ideal") best = kept.goodput;
        rows.push(
          rowOf({
            ...{ name: contender, scenario: name, goodputRatio: kept.goodput / best, admittedP99Ms: kept.p99Ms },
            ...{ deadlineMs: work.deadlineMs, criticalRefused: 0, recoveryMs: 0, goodput: Math.round(kept.goodput) },
          }),
        );
      }
      return rows;
    },
  };
}
