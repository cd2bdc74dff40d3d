import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Fault } from "../../core/fault.ts";
import type { LockedLine } from "../../load/lab/lock.ts";
import type { Scenario } from "../../load/scenario.ts";
import { writeFiles } from "../files/write-files.ts";
import type { Language } from "../language.ts";
import { defineVerb, type Report, Stop } from "../verb.ts";

const lockFile = "loadlines.lock";

/** `plimsoll load`: measures what operations need, and the load line of a scenario. */
export const load = defineVerb({
  name: "load",
  also: ["压测"],
  summary: {
    en: "Measures the load line of a scenario and keeps it in loadlines.lock; --calibrate measures what operations need.",
    zh: "测量场景的负载线并记入 loadlines.lock；--calibrate 测量各操作的资源消耗。",
  },
  operands: { usage: "FILE", max: 1, says: { en: "The file that exports the scenario.", zh: "导出场景的文件。" } },
  example: {
    line: "load load/shop.ts --calibrate",
    does: { en: "Writes design/demands.json, which plimsoll plan reads.", zh: "写出 design/demands.json，供 plimsoll 规划读取。" },
  },
  options: {
    calibrate: {
      type: "boolean",
      says: { en: "Measure the demands of operations, at up to 30% of the capacity.", zh: "在不超过 30% 容量下测量各操作的资源消耗。" },
    },
    url: { type: "string", value: "URL", says: { en: "Where the app is, instead of the scenario's.", zh: "应用地址，代替场景中的地址。" } },
    ops: { type: "string", value: "URL", says: { en: "Its ops port, likewise.", zh: "运维端口，同上。" } },
    seconds: { type: "string", value: "N", says: { en: "Length of each run. Default: 8.", zh: "每次运行的秒数，默认 8。" } },
    attempts: { type: "string", value: "N", says: { en: "Runs of the search at most. Default: 16.", zh: "搜索最多运行的次数，默认 16。" } },
    first: {
      type: "string",
      value: "N",
      says: { en: "Where the search begins. Default: the predicted line.", zh: "搜索的起点，默认为预测值。" },
    },
    update: {
      type: "string",
      value: "REASON",
      says: { en: "Write loadlines.lock, for this reason.", zh: "写入 loadlines.lock，并说明原因。" },
    },
    out: {
      type: "string",
      value: "FOLDER",
      says: { en: "Where reports and demands go. Default: design.", zh: "报告与测量结果的文件夹，默认 design。" },
    },
  },
  async run({ values, operands: [file], folder, language, signal }) {
    if (file === undefined)
      throw new Stop("usage", {
        message: { en: "plimsoll load needs the file of a scenario.", zh: "plimsoll 压测需要场景文件。" }[language],
        fix: { en: "Name it, as in plimsoll load load/shop.ts.", zh: "请指定，例如 plimsoll 压测 load/shop.ts。" }[language],
      });
    if (!existsSync(resolve(folder, file)))
      throw new Stop("missing", {
        message: { en: `There is no file ${file}.`, zh: `没有文件 ${file}。` }[language],
        fix: {
          en: "Name the file of a scenario, as in plimsoll load load/shop.ts.",
          zh: "请指定场景文件，例如 plimsoll 压测 load/shop.ts。",
        }[language],
      });
    const seconds = numberOf(values.seconds, { name: "seconds", language }) ?? 8;
    const first = numberOf(values.first, { name: "first", language });
    const attempts = numberOf(values.attempts, { name: "attempts", language });
    const out = values.out ?? "design";
    try {
      const { loadScenario } = await import("../../load/lab/load-scenario.ts");
      const declared = await loadScenario(folder, file);
      const scenario = {
        ...declared,
        ...(values.url !== undefined && { url: values.url }),
        ...(values.ops !== undefined && { ops: values.ops }),
      };
      const where = { scenario, folder, out, language, name: basename(file).replace(/\.\w+$/, ""), seconds, signal };
      return values.calibrate ? await calibrated(where) : await measured({ ...where, first, attempts, reason: values.update });
    } catch (error) {
      throw error instanceof Fault ? stopOf(error, language) : error;
    }
  },
});

interface Where {
  readonly scenario: Scenario;
  readonly folder: string;
  readonly out: string;
  readonly language: Language;
  readonly name: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

async function calibrated({ scenario, folder, out, language, name, seconds, signal }: Where): Promise<Report> {
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

async function measured(
  given: Where & { readonly first: number | undefined; readonly attempts: number | undefined; readonly reason: string | undefined },
): Promise<Report> {
  const { scenario, folder, out, language, name, seconds, signal, reason } = given;
  const [{ findLine }, { compareLines, lockOf }, { pictureOf, writeReport }] = await Promise.all([
    import("../../load/lab/find-line.ts"),
    import("../../load/lab/lock.ts"),
    import("../../load/report/html.ts"),
  ]);
  const predicted = await predictedLine(given);
  const first = given.first ?? predicted ?? 50;
  // Sixteen runs at most, and 180 s: what runs longer has fewer.
  const attempts = given.attempts ?? Math.max(4, Math.min(16, Math.floor(180 / seconds)));
  const { found, statements } = await findLine({ scenario, first, seconds, attempts, signal });
  if (found.line === 0)
    throw new Stop("found", {
      message: { en: "No rate that was tried keeps the deadline.", zh: "尝试过的速率都守不住截止时间。" }[language],
      fix: {
        en: "Look at the reasons in the app's log, or begin lower with --first.",
        zh: "请查看应用日志中的原因，或用 --first 从更低处开始。",
      }[language],
    });
  const reported = { name, language, found, deadlineMs: scenario.deadlineMs ?? 300, predicted };
  const files = new Map([
    [`load-${name}.html`, writeReport(reported)],
    [`load-${name}.svg`, pictureOf(reported)],
  ]);
  writeFiles(join(folder, out), { files, language });
  const locks = readLocks(folder, language);
  const entry = lockOf({ scenario, found, statements }, reason ?? "first measurement");
  const was = locks[name];
  const findings = was === undefined || reason !== undefined ? [] : compareLines(was, entry);
  if (was === undefined || reason !== undefined) {
    const sorted = Object.fromEntries(Object.entries({ ...locks, [name]: entry }).toSorted(([one], [other]) => (one < other ? -1 : 1)));
    writeFiles(folder, { files: new Map([[lockFile, `${JSON.stringify(sorted, undefined, 2)}\n`]]), language });
  }
  const line = {
    en: `Load line: ${entry.line}/s, ${entry.ratio} for each unit of the yardstick.`,
    zh: `负载线：${entry.line}/s，每单位标尺 ${entry.ratio}。`,
  };
  return {
    exit: findings.some(({ fails }) => fails) ? "found" : "fine",
    lines: [
      line[language],
      ...(found.isExact ? [] : [{ en: "The search ended early: it is at least this.", zh: "搜索提前结束：至少为此值。" }[language]]),
      ...findings.map(
        ({ what, operation, was: before, is, fails }) =>
          `${fails ? "!" : "?"} ${what}${operation ? ` ${operation}` : ""}: ${before} → ${is}`,
      ),
      {
        en: `Written: ${[...files.keys()].map((one) => `${out}/${one}`).join(", ")}.`,
        zh: `已写出：${[...files.keys()].map((one) => `${out}/${one}`).join("、")}。`,
      }[language],
    ],
    data: { line: entry, findings, trials: found.trials, predicted: predicted ?? null },
  };
}

/** What the measured demands predict for one process, where there are any. */
async function predictedLine({ folder, out }: Where): Promise<number | undefined> {
  const path = join(folder, out, "demands.json");
  if (!existsSync(path)) return undefined;
  const [{ readDemands }, { predictLine }] = await Promise.all([
    import("../../capacity/reading/read-files.ts"),
    import("../../capacity/model/line.ts"),
  ]);
  const read = readDemands(readFileSync(path, "utf8"), `${out}/demands.json`);
  if (!("value" in read)) return undefined;
  const { operations, pool, upstreams } = read.value;
  return predictLine({ replicas: 1, pool, databaseCores: 4, upstreams }, operations).rate;
}

function readLocks(folder: string, language: Language): Readonly<Record<string, LockedLine>> {
  const path = join(folder, lockFile);
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, LockedLine>;
  } catch (error) {
    throw new Stop("input", {
      message: {
        en: `${lockFile} is not valid JSON: ${(error as Error).message}.`,
        zh: `${lockFile} 不是有效的 JSON：${(error as Error).message}。`,
      }[language],
      fix: { en: "Take it from the version control again.", zh: "请从版本控制中恢复。" }[language],
    });
  }
}

function numberOf(
  value: string | undefined,
  { name, language }: { readonly name: string; readonly language: Language },
): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(?:\.\d+)?$/.test(value) && Number(value) > 0) return Number(value);
  throw new Stop("usage", {
    message: { en: `--${name} is ${value}.`, zh: `--${name} 的值是 ${value}。` }[language],
    fix: { en: "Use a number above 0.", zh: "请使用大于 0 的数字。" }[language],
  });
}

function stopOf(error: Fault, language: Language): Stop {
  const fix = { en: "Change it, and run this again.", zh: "修改后重新运行。" }[language];
  return new Stop(error.type === "ops_port_silent" ? "unavailable" : "input", { message: error.message, fix });
}
