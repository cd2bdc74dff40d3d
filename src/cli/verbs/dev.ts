import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defineVerb, Stop } from "../verb.ts";

/** `plimsoll dev`: runs a program of Node.js, and restarts it when a source file changes. */
export const dev = defineVerb({
  name: "dev",
  also: ["开发"],
  summary: {
    en: "Runs a program of Node.js, and restarts it when a source file changes in the working directory, or in the folders of --watch.",
    zh: "运行 Node.js 程序，当前文件夹（或 --watch 指定的文件夹）中的源文件变化时重新启动。",
  },
  operands: {
    usage: "[options of node …] program.ts [its arguments …]",
    max: Number.POSITIVE_INFINITY,
    says: { en: "The program, as node is given it.", zh: "要运行的程序，写法与 node 相同。" },
  },
  example: {
    line: "dev --watch=src src/main.ts",
    does: { en: "Runs src/main.ts, and restarts it when a file below src changes.", zh: "运行 src/main.ts，src 中的文件变化时重新启动。" },
  },
  options: {
    watch: {
      type: "string",
      value: "FOLDER",
      multiple: true,
      says: { en: "A folder to watch; may come several times.", zh: "要监视的文件夹，可以重复。" },
    },
  },
  isRaw: true,
  async run({ operands, folder, language }) {
    if (operands.every((arg) => arg.startsWith("--watch=")))
      throw new Stop("usage", {
        message: { en: "plimsoll dev needs a program to run.", zh: "plimsoll dev 需要一个要运行的程序。" }[language],
        fix: { en: "Name it, as in plimsoll dev src/main.ts.", zh: "请指定程序，例如 plimsoll dev src/main.ts。" }[language],
      });
    const first = operands.find((arg) => !arg.startsWith("--watch="));
    // Behind an option of node, a word may be its value. Node.js itself adds a suffix to what has none.
    if (first !== undefined && /^[^-].*\.[a-z]+$/i.test(first) && !existsSync(resolve(folder, first)))
      throw new Stop("missing", {
        message: { en: `There is no file ${first}.`, zh: `没有文件 ${first}。` }[language],
        fix: { en: "Name the program to run, as in plimsoll dev src/main.ts.", zh: "请指定要运行的程序，例如 plimsoll dev src/main.ts。" }[
          language
        ],
      });
    const { develop } = await import("../dev/develop.ts");
    return develop(operands);
  },
});
