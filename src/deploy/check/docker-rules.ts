import type { Both } from "../../cli/language.ts";
import { both, type Finding } from "./placed.ts";

interface Instruction {
  readonly line: number;
  readonly word: string;
  readonly rest: string;
}

/** Reads a Dockerfile's instructions, those over several lines as one. */
function read(text: string): readonly Instruction[] {
  const found: Instruction[] = [];
  let open: { line: number; text: string } | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (open === undefined && (line === "" || line.startsWith("#"))) continue;
    open = { line: open?.line ?? index + 1, text: `${open?.text ?? ""} ${line.replace(/\\$/, "")}`.trim() };
    if (line.endsWith("\\")) continue;
    const [word = "", ...rest] = open.text.split(/\s+/);
    found.push({ line: open.line, word: word.toUpperCase(), rest: rest.join(" ") });
    open = undefined;
  }
  return found;
}

const rules: readonly (readonly [
  name: string,
  fix: Both<string>,
  find: (all: readonly Instruction[]) => Instruction | undefined,
  message: Both<string>,
])[] = [
  [
    ...(["docker-image-untagged", both("Name a version, as in node:24.16-slim.", "请写明版本，例如 node:24.16-slim。")] as const),
    (all) =>
      all.find(
        ({ word, rest }) =>
          word === "FROM" &&
          !/^\S+[:@]\S+/.test(rest.replace(/^--platform=\S+ /, "")) &&
          !all.some((one) => one.word === "FROM" && new RegExp(`AS ${rest}$`, "i").test(one.rest)),
      ) ?? all.find(({ word, rest }) => word === "FROM" && rest.includes(":latest")),
    both("the base image is another one tomorrow.", "基础镜像明天可能就不是同一个了。"),
  ],
  [
    ...(["docker-root", both("Add USER 10001:10001 in the last stage.", "请在最后一个阶段加上 USER 10001:10001。")] as const),
    (all) => {
      const last = all.slice(all.findLastIndex(({ word }) => word === "FROM"));
      const user = last.findLast(({ word }) => word === "USER");
      return user === undefined || /^(root|0)(:|$)/.test(user.rest) ? (user ?? last[0]) : undefined;
    },
    both("the process runs as root.", "进程以 root 运行。"),
  ],
  [
    ...(["docker-shell-form", both('Write CMD ["node", "src/main.ts"].', '请写 CMD ["node", "src/main.ts"]。')] as const),
    (all) =>
      all.find(
        ({ word, rest }) =>
          (word === "CMD" || word === "ENTRYPOINT") && (!rest.startsWith("[") || /^\["(sh|bash|npm|npx|yarn|pnpm)"/.test(rest)),
      ),
    both(
      "a shell or a package manager is the first process, and does not pass SIGTERM on.",
      "首个进程是 shell 或包管理器，不会转发 SIGTERM。",
    ),
  ],
  [
    ...([
      "docker-dev-dependencies",
      both("Write npm ci --omit=dev --ignore-scripts.", "请写 npm ci --omit=dev --ignore-scripts。"),
    ] as const),
    (all) => all.find(({ word, rest }) => word === "RUN" && /npm (ci|install)/.test(rest) && !/--omit[= ]dev/.test(rest)),
    both("the image has development dependencies.", "镜像中含有开发依赖。"),
  ],
  [
    ...(["docker-scripts-run", both("Add --ignore-scripts.", "请加上 --ignore-scripts。")] as const),
    (all) => all.find(({ word, rest }) => word === "RUN" && /npm (ci|install)/.test(rest) && !rest.includes("--ignore-scripts")),
    both("scripts of packages run while the image is built.", "构建镜像时会执行软件包自带的脚本。"),
  ],
  [
    ...([
      "docker-secret",
      both("Pass secrets when the container starts, or as a build secret.", "请在容器启动时传入密钥，或使用构建密钥。"),
    ] as const),
    (all) =>
      all.find(
        ({ word, rest }) => (word === "ENV" || word === "ARG") && /(secret|password|token|api_?key)/i.test(rest.split("=")[0] ?? ""),
      ),
    both("a secret stays in the image's layers.", "密钥会留在镜像层中。"),
  ],
];

/** Finds what is wrong with a Dockerfile. */
export function checkDockerfile(file: string, text: string): readonly Finding[] {
  const all = read(text);
  return rules.flatMap(([rule, fix, find, message]) => {
    const found = find(all);
    return found === undefined ? [] : [{ rule, file, line: found.line, message: at(found, message), fix }];
  });
}

function at({ word, rest }: Instruction, { en, zh }: Both<string>): Both<string> {
  const shown = `${word} ${rest.slice(0, 80)}`;
  return both(`${shown}: ${en}`, `${shown}：${zh}`);
}
