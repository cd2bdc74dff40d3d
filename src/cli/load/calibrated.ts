import { join } from "node:path";
import { writeFiles } from "../files/write-files.ts";
import { type Report, Stop } from "../verb.ts";
import type { Where } from "./where.ts";

/** `--calibrate`: measures what operations need, and writes it for the plan. */
export async function calibrated({ scenario, folder, out, language, name, seconds, signal }: Where): Promise<Report> {
  const { calibrate } = await import("../../load/lab/calibrate.ts");
  if (scenario.ops === undefined)
    throw new Stop("usage", {
      message: {
        en: "A calibration reads the counters of the app, and the scenario names no ops port.",
        zh: "标定需要读取应用的计数，而场景没有指定运维端口。",
      }[language],
      fix: {
        en: "Add ops to the scenario, or --ops http://127.0.0.1:9464.",
        zh: "请在场景中加上 ops，或使用 --ops http://127.0.0.1:9464。",
      }[language],
    });
  const demands = await calibrate({ scenario, ops: scenario.ops, name, seconds, signal });
  writeFiles(join(folder, out), { files: new Map([["demands.json", `${JSON.stringify(demands, undefined, 2)}\n`]]), language });
  const rows = demands.operations.map(({ name: operation, loopMs, databaseMs, heldMs }) => {
    const [loop, cpu, wait] = [loopMs, databaseMs, heldMs].map((ms) => `${ms.toFixed(2)} ms`);
    return {
      en: `${operation}: loop ${loop}, PostgreSQL ${cpu}, waits ${wait}`,
      zh: `${operation}：事件循环 ${loop}，PostgreSQL ${cpu}，等待 ${wait}`,
    }[language];
  });
  return {
    exit: "fine",
    lines: [
      ...rows,
      { en: `Written: ${out}/demands.json. Next: plimsoll plan`, zh: `已写出：${out}/demands.json。下一步：plimsoll 规划` }[language],
    ],
    data: { demands },
  };
}
