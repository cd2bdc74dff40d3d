import { hold } from "../../../src/load/index.ts";
import { contenders } from "../lab.ts";
import { type Row, rowOf } from "../row.ts";
import type { Work } from "../work.ts";
import { okBetween, recoveryOf, type Scenario, streamTo, warmUpMs } from "./scenario.ts";

/** So much of its own capacity must the yardstick do at the capacity. */
const yardstick = 0.95;

/** So many times the capacity, all the time. */
export function ramp(work: Work, times: number, seconds: number): Scenario {
  const name = `${work.name} ${times}x`;
  return {
    name,
    run: async (lab) => {
      const capacity = lab.capacityOf(work);
      const phases = [hold(capacity * times, seconds + warmUpMs / 1_000)];
      const rows: Row[] = [];
      let best = 0;
      for (const contender of contenders) {
        const { goodput, p99Ms } = await lab.one(streamTo(lab.servers[contender], work, { phases }));
        if (contender === "ideal") best = goodput;
        if (contender === "ideal" && times === 1 && goodput < capacity * yardstick)
          process.stderr.write(
            `${name}: the ideal server does ${Math.round(goodput)}/s of its ${Math.round(capacity)}/s, and is no yardstick\n`,
          );
        rows.push(
          rowOf({
            ...{ name: contender, scenario: name, goodputRatio: goodput / best, admittedP99Ms: p99Ms, deadlineMs: work.deadlineMs },
            ...{ criticalRefused: 0, recoveryMs: 0, goodput: Math.round(goodput), offered: Math.round(capacity * times) },
          }),
        );
      }
      return rows;
    },
  };
}

/** From less than the capacity to five times as much and back. */
export function stepAndBack(work: Work, seconds: number): Scenario {
  const name = `${work.name} step`;
  return {
    name,
    run: async (lab) => {
      const calm = lab.capacityOf(work) * 0.7;
      const [before, after] = [1, 4];
      const phases = [hold(calm, before), hold(lab.capacityOf(work) * 5, seconds), hold(calm, after)];
      const endMs = (before + seconds) * 1_000;
      const rows: Row[] = [];
      let best = 0;
      for (const contender of contenders) {
        const { windows, p99Ms } = await lab.one(streamTo(lab.servers[contender], work, { phases }));
        const good = okBetween(windows, endMs);
        if (contender === "ideal") best = good;
        rows.push(
          rowOf({
            ...{ name: contender, scenario: name, goodputRatio: good / best, admittedP99Ms: p99Ms, deadlineMs: work.deadlineMs },
            ...{ criticalRefused: 0, recoveryMs: recoveryOf(windows, endMs) },
          }),
        );
      }
      return rows;
    },
  };
}
