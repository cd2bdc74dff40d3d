import { resolve } from "node:path";
import { defineVerb } from "../verb.ts";

/** `plimsoll check`: checks the architecture of the user's own code. */
export const check = defineVerb({
  name: "check",
  also: ["检查"],
  summary: {
    en: "Checks the architecture of your code: layers, modules, SQL, transactions, events, tests and secrets.",
    zh: "检查代码的架构：分层、模块、SQL、事务、事件、测试和机密。",
  },
  operands: {
    usage: "[folder]",
    max: 1,
    says: {
      en: "The folder of the project, with plimsoll.config.ts. Default: this one.",
      zh: "项目文件夹（含 plimsoll.config.ts）。默认：当前文件夹。",
    },
  },
  example: {
    line: "check --sarif > check.sarif",
    does: { en: "Writes the findings in the form that code hosts show beside the lines.", zh: "以代码托管平台能逐行显示的格式输出结果。" },
  },
  options: {
    sarif: { type: "boolean", says: { en: "Print a SARIF 2.1.0 log.", zh: "输出 SARIF 2.1.0 格式。" } },
  },
  async run({ values, operands: [named = "."], folder, language, terminal }) {
    const { runCheck } = await import("../../check/run-check.ts");
    return runCheck({ folder: resolve(folder, named), language, terminal, isSarif: values.sarif === true });
  },
});
