import { defineVerb, Stop } from "../verb.ts";

/** `plimsoll test`: runs the tests of a project, the fast ones first. */
export const test = defineVerb({
  name: "test",
  also: ["测试"],
  summary: {
    en: "Runs the tests of the project, the fast suites first, with coverage and one summary.",
    zh: "运行项目的测试（快的先运行），并给出覆盖率和一份汇总。",
  },
  operands: {
    usage: "[suite …]",
    max: 8,
    says: {
      en: "unit, property, contract, integration, crash, chaos, security or load. Default: all that there are.",
      zh: "unit、property、contract、integration、crash、chaos、security 或 load。默认：全部。",
    },
  },
  example: {
    line: "test --floor 80 --json",
    does: { en: "Prints one summary, and fails below 80% of lines.", zh: "输出一份汇总，行覆盖率低于 80% 时失败。" },
  },
  options: {
    floor: {
      type: "string",
      value: "N",
      says: { en: "Fail below this share of covered lines, in percent.", zh: "行覆盖率低于该百分比时失败。" },
    },
  },
  async run({ values, operands, folder, language, signal }) {
    const { runTests, suites } = await import("../../generate/run-tests.ts");
    const unknown = operands.find((name) => !suites.some((suite) => suite === name));
    const floor = values.floor === undefined ? undefined : Number(values.floor);
    if (unknown !== undefined)
      throw new Stop("usage", {
        message: { en: `There is no suite "${unknown}".`, zh: `没有名为“${unknown}”的测试集。` }[language],
        fix: { en: `The suites are ${suites.join(", ")}.`, zh: `测试集有 ${suites.join("、")}。` }[language],
      });
    if (floor !== undefined && !(floor >= 0 && floor <= 100))
      throw new Stop("usage", {
        message: { en: `--floor is ${values.floor}.`, zh: `--floor 的值是 ${values.floor}。` }[language],
        fix: { en: "Use a percentage from 0 to 100.", zh: "请使用 0 到 100 之间的百分比。" }[language],
      });
    return runTests({ folder, language, signal, floor, only: operands });
  },
});
