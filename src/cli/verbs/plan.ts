import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Read } from "../../capacity/reading/read-files.ts";
import { writeFiles } from "../files/write-files.ts";
import type { Language } from "../language.ts";
import { defineVerb, Stop } from "../verb.ts";

const number = (en: string, zh: string) => ({ type: "string", value: "N", says: { en, zh } }) as const;

/** `plimsoll plan`: makes a capacity plan of a design. */
export const plan = defineVerb({
  name: "plan",
  also: ["规划"],
  summary: {
    en: "Plans processes, pools, PostgreSQL and storage at 1, 10 and 100 times the load, each figure with its formula.",
    zh: "规划 1、10、100 倍负载下的进程、连接池、PostgreSQL 与存储，每个数字都有公式。",
  },
  example: {
    line: "plan --why replicas",
    does: { en: "Writes design/PLAN.md, and explains one of its figures.", zh: "写出 design/PLAN.md，并解释其中一个数字。" },
  },
  options: {
    why: {
      type: "string",
      value: "NAME",
      multiple: true,
      says: {
        en: "Explain a figure, as in replicas or pool. May come several times.",
        zh: "解释一个数字，例如 replicas 或 pool，可重复。",
      },
    },
    peak: number("Plan for this many requests a second instead.", "改按每秒这么多请求规划。"),
    cores: number("Processors of PostgreSQL. Default: 4.", "PostgreSQL 的处理器核数，默认 4。"),
    connections: number("max_connections of PostgreSQL. Default: 100.", "PostgreSQL 的 max_connections，默认 100。"),
    demands: {
      type: "string",
      value: "FILE",
      says: { en: "What was measured. Default: demands.json beside the design.", zh: "测量结果。默认：设计旁的 demands.json。" },
    },
    out: {
      type: "string",
      value: "FOLDER",
      says: { en: "The folder of the design. Default: design.", zh: "设计所在的文件夹。默认：design。" },
    },
  },
  isNext: (folder) => existsSync(join(folder, "design", "design.json")) && !existsSync(join(folder, "design", "plan.json")),
  async run({ values, folder, language }) {
    const target = values.out ?? "design";
    const whole = wholeOf(values, language);
    const [{ readDesign, readDemands }, { inputOf }, { makePlan }, { writePlan }, { explain, writeFigure }, { figureNames }, { texts }] =
      await Promise.all([
        import("../../capacity/reading/read-files.ts"),
        import("../../capacity/planning/input.ts"),
        import("../../capacity/planning/make-plan.ts"),
        import("../../capacity/writing/write-plan.ts"),
        import("../../capacity/writing/explain.ts"),
        import("../../capacity/planning/plan.ts"),
        import("../../capacity/writing/texts.ts"),
      ]);
    const why = (values.why ?? []).map((name) => {
      const found = figureNames.find((one) => one === name);
      if (found === undefined) throw noFigure({ name, names: figureNames, language });
      return found;
    });
    const designFile = `${target}/design.json`;
    if (!existsSync(join(folder, designFile))) throw noDesign(designFile, language);
    const design = orStop(readDesign(readFileSync(join(folder, designFile), "utf8"), designFile), language);
    const measured = readMeasured({ folder, named: values.demands, beside: `${target}/demands.json`, language }, readDemands);
    const settings = {
      ...(whole.peak !== undefined && { peak: whole.peak }),
      ...(whole.cores !== undefined && { databaseCores: whole.cores }),
      ...(whole.connections !== undefined && { maxConnections: whole.connections }),
    };
    const input = inputOf(design, { measured, settings });
    if (input.peak === 0) throw noLoad(language);
    const made = makePlan(input);
    const files = writePlan(made);
    writeFiles(join(folder, target), { files, language });
    const written = [...files.keys()].map((name) => `${target}/${name}`);
    const say = texts[language];
    const shown = ["peak", "replicas", "pool", "postgres-cores", "connections", "line"] as const;
    const summary = shown.map((name) => {
      const figure = made.scales[0]!.figures.find((one) => one.name === name)!;
      return `${say.figures[name].title}${language === "zh" ? "：" : ": "}${writeFigure(figure, language)}  (${figure.formula})`;
    });
    const [first] = made.breaks;
    const lines = [
      ...(why.length > 0 ? why.flatMap((name) => explain(made, name, language)) : summary),
      ...(first === undefined
        ? []
        : [say.firstBreak({ resource: say.resources[first.resource], times: String(first.times) }), say.changes[first.resource]]),
      say.basis[made.basis],
      { en: `Written: ${written.join(", ")}.`, zh: `已写出：${written.join("、")}。` }[language],
    ];
    return { exit: "fine", lines, data: { written, why, plan: made } };
  },
});

interface Numbers {
  readonly peak?: string;
  readonly cores?: string;
  readonly connections?: string;
}

function wholeOf(values: Numbers, language: Language): { readonly [Name in keyof Numbers]?: number } {
  const found = (["peak", "cores", "connections"] as const).flatMap((name) => {
    const value = values[name];
    if (value === undefined) return [];
    if (/^[1-9]\d{0,8}$/.test(value)) return [[name, Number(value)] as const];
    throw new Stop("usage", {
      message: { en: `--${name} is ${value}.`, zh: `--${name} 的值是 ${value}。` }[language],
      fix: { en: "Use a whole number from 1.", zh: "请使用从 1 开始的整数。" }[language],
    });
  });
  return Object.fromEntries(found);
}

interface Where {
  readonly folder: string;
  readonly named: string | undefined;
  readonly beside: string;
  readonly language: Language;
}

function readMeasured<T>({ folder, named, beside, language }: Where, read: (text: string, file: string) => Read<T>): T | undefined {
  const file = named ?? beside;
  if (existsSync(join(folder, file))) return orStop(read(readFileSync(join(folder, file), "utf8"), file), language);
  if (named === undefined) return undefined;
  throw new Stop("missing", {
    message: { en: `There is no ${file}.`, zh: `没有 ${file}。` }[language],
    fix: {
      en: "Measure with plimsoll load --calibrate, or leave --demands out.",
      zh: "请用 plimsoll 压测 --calibrate 测量，或去掉 --demands。",
    }[language],
  });
}

function orStop<T>(read: Read<T>, language: Language): T {
  if ("value" in read) return read.value;
  throw new Stop("input", { message: read.message[language], fix: read.fix[language] });
}

function noDesign(file: string, language: Language): Stop {
  return new Stop("missing", {
    message: { en: `There is no ${file}.`, zh: `没有 ${file}。` }[language],
    fix: { en: "Run plimsoll design first.", zh: "请先运行 plimsoll 设计。" }[language],
  });
}

function noLoad(language: Language): Stop {
  return new Stop("question", {
    message: { en: "The design states no load, so there is nothing to plan for.", zh: "设计没有说明负载，无从规划。" }[language],
    fix: {
      en: 'Write rate = "100 requests per second" into design/decisions.toml and run plimsoll design, or add --peak 100.',
      zh: "请在 design/decisions.toml 中写入 rate 并运行 plimsoll 设计，或加上 --peak 100。",
    }[language],
  });
}

function noFigure({
  name,
  names,
  language,
}: {
  readonly name: string;
  readonly names: readonly string[];
  readonly language: Language;
}): Stop {
  return new Stop("usage", {
    message: { en: `A plan has no figure "${name}".`, zh: `规划中没有“${name}”这个数字。` }[language],
    fix: { en: `The figures are ${names.join(", ")}.`, zh: `可用的数字有 ${names.join("、")}。` }[language],
  });
}
