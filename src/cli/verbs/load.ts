import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { Fault } from "../../core/fault.ts";
import type { Language } from "../language.ts";
import { defineVerb, type Report, Stop } from "../verb.ts";

/** `plimsoll load`: measures what operations need, and the load line of a scenario. */
export const load = defineVerb({
  name: "load",
  also: ["压测"],
  summary: {
    en: "Measures the load line of a scenario and keeps it in loadlines.lock; --calibrate measures what operations need, --before compares two versions.",
    zh: "测量场景的负载线并记入 loadlines.lock；--calibrate 测量各操作的资源消耗，--before 比较两个版本。",
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
    before: {
      type: "string",
      value: "FOLDER",
      says: { en: "Compare with the checkout there, in pairs of runs.", zh: "与该处的检出成对比较。" },
    },
    rate: {
      type: "string",
      value: "N",
      says: { en: "Calls per second of a comparison. Default: half of the line.", zh: "比较时每秒的调用数，默认为负载线的一半。" },
    },
    rounds: {
      type: "string",
      value: "N",
      says: { en: "Rounds of a comparison at most. Default: 40.", zh: "比较最多的轮数，默认 40。" },
    },
    url: { type: "string", value: "URL", says: { en: "Where the app is, instead of the scenario's.", zh: "应用地址，代替场景中的地址。" } },
    ops: { type: "string", value: "URL", says: { en: "Its ops port, likewise.", zh: "运维端口，同上。" } },
    seconds: {
      type: "string",
      value: "N",
      says: { en: "Length of each run. Default: 8, in a comparison 0.5.", zh: "每次运行的秒数，默认 8，比较时为 0.5。" },
    },
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
  async run({ values, operands: [file], folder, language, signal }): Promise<Report> {
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
    const number = (name: "seconds" | "first" | "attempts" | "rate" | "rounds") => numberOf(values[name], { name, language });
    const [seconds, first, attempts, rate, rounds] = [
      number("seconds"),
      number("first"),
      number("attempts"),
      number("rate"),
      number("rounds"),
    ];
    try {
      const { loadScenario } = await import("../../load/lab/load-scenario.ts");
      const declared = await loadScenario(folder, file);
      const scenario = {
        ...declared,
        ...(values.url !== undefined && { url: values.url }),
        ...(values.ops !== undefined && { ops: values.ops }),
      };
      const name = basename(file).replace(/\.\w+$/, "");
      const where = { scenario, folder, out: values.out ?? "design", language, name, seconds: seconds ?? 8, signal };
      if (values.before !== undefined) {
        const { compared } = await import("../load/compared.ts");
        return await compared({ ...where, before: values.before, seconds: seconds ?? 0.5, rate, rounds });
      }
      if (values.calibrate) return await (await import("../load/calibrated.ts")).calibrated(where);
      return await (await import("../load/measured.ts")).measured({ ...where, first, attempts, reason: values.update });
    } catch (error) {
      throw error instanceof Fault ? stopOf(error, language) : error;
    }
  },
});

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
  return new Stop(error.code === "unavailable" ? "unavailable" : "input", { message: error.message, fix });
}
