import type { Both } from "./language.ts";

/** Every way in which the command ends: the code of the process, and what it means. *Source*: sysexits.h for 64 to 78, the shells for 130. */
export const exits = {
  fine: { code: 0, means: { en: "Everything is fine.", zh: "一切正常。" } },
  found: {
    code: 1,
    means: { en: "It found something that must be changed; the output says what.", zh: "发现了需要修改的问题，输出中有说明。" },
  },
  question: { code: 2, means: { en: "A question blocks, and only a person can decide it.", zh: "有问题需要人来决定，无法继续。" } },
  usage: {
    code: 64,
    means: { en: "The command was used wrongly: an unknown verb, option or value.", zh: "用法错误：未知的命令、选项或值。" },
  },
  input: { code: 65, means: { en: "A file that it read is not valid.", zh: "读取的文件无效。" } },
  missing: { code: 66, means: { en: "A file or folder that it needs does not exist.", zh: "所需的文件或文件夹不存在。" } },
  unavailable: { code: 69, means: { en: "A service or a package that it needs is not there.", zh: "所需的服务或软件包不可用。" } },
  bug: { code: 70, means: { en: "A bug in plimsoll itself.", zh: "plimsoll 自身的缺陷。" } },
  output: { code: 73, means: { en: "A file or folder cannot be written.", zh: "无法写入文件或文件夹。" } },
  notShown: {
    code: 75,
    means: {
      en: "It could not be shown on this machine: try again on one that has less to do.",
      zh: "在本机上未能测出：请在更空闲的机器上重试。",
    },
  },
  interrupted: { code: 130, means: { en: "It was stopped by Ctrl-C.", zh: "已被 Ctrl-C 停止。" } },
} as const satisfies Record<string, { readonly code: number; readonly means: Both<string> }>;

/** The name of one of the {@link exits}. */
export type ExitName = keyof typeof exits;
