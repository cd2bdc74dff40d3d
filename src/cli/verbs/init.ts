import { findPrd } from "../prd-file.ts";
import { defineVerb } from "../verb.ts";

/** `plimsoll init`: writes a PRD to begin with. */
export const init = defineVerb({
  name: "init",
  also: ["初始化"],
  summary: {
    en: "Writes a PRD.md to begin with, from three questions or none (--yes).",
    zh: "用三个问题（或 --yes 不提问）写出一份起步的 PRD.md。",
  },
  operands: {
    usage: "[folder]",
    max: 1,
    says: { en: "Where it is written. Default: this folder.", zh: "写入的文件夹。默认：当前文件夹。" },
  },
  example: {
    line: "init my-app",
    does: { en: "Asks three questions, and writes my-app/PRD.md.", zh: "提出三个问题，并写出 my-app/PRD.md。" },
  },
  options: {},
  isNext: (folder) => findPrd(folder) === undefined,
  async run({ operands: [named = "."], folder, language, yes, json, terminal, signal }) {
    const { runInit } = await import("../../generate/run-init.ts");
    const asks = terminal.interactive && !yes && !json;
    return runInit({ folder, named, language, ask: asks ? (question) => terminal.ask(question, signal) : async () => undefined });
  },
});
