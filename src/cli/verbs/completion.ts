import { completionFor, shells } from "../completion.ts";
import { defineVerb, Stop } from "../verb.ts";

/** `plimsoll completion`: prints what a shell needs to complete verbs and options. */
export const completion = defineVerb({
  name: "completion",
  also: ["补全"],
  summary: { en: "Prints the completion for bash, zsh or fish.", zh: "输出 bash、zsh 或 fish 的命令补全脚本。" },
  operands: { usage: "bash|zsh|fish", max: 1, says: { en: "The shell.", zh: "所用的 shell。" } },
  example: {
    line: "completion bash >> ~/.bashrc",
    does: { en: "Completes verbs and options in each new bash.", zh: "在新打开的 bash 中补全命令和选项。" },
  },
  options: {},
  async run({ operands: [name], language }) {
    const shell = shells.find((known) => known === name);
    if (shell === undefined)
      throw new Stop("usage", {
        message: {
          en: name === undefined ? "plimsoll completion needs the name of a shell." : `There is no completion for ${name}.`,
          zh: name === undefined ? "plimsoll completion 需要 shell 的名称。" : `没有 ${name} 的补全脚本。`,
        }[language],
        fix: { en: `Name one of ${shells.join(", ")}.`, zh: `请选择 ${shells.join("、")} 之一。` }[language],
      });
    const { verbs } = await import("../verbs.ts");
    const script = completionFor(shell, { verbs, language });
    return { exit: "fine", lines: script, data: { shell, script: script.join("\n") } };
  },
});
