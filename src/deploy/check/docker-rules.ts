import type { Finding } from "./placed.ts";

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
  fix: string,
  find: (all: readonly Instruction[]) => Instruction | undefined,
  message: string,
])[] = [
  [
    ...(["docker-image-untagged", "Name a version, as in node:24.16-slim."] as const),
    (all) =>
      all.find(
        ({ word, rest }) =>
          word === "FROM" &&
          !/^\S+[:@]\S+/.test(rest.replace(/^--platform=\S+ /, "")) &&
          !all.some((one) => one.word === "FROM" && new RegExp(`AS ${rest}$`, "i").test(one.rest)),
      ) ?? all.find(({ word, rest }) => word === "FROM" && rest.includes(":latest")),
    "the base image is another one tomorrow.",
  ],
  [
    ...(["docker-root", "Add USER 10001:10001 in the last stage."] as const),
    (all) => {
      const last = all.slice(all.findLastIndex(({ word }) => word === "FROM"));
      const user = last.findLast(({ word }) => word === "USER");
      return user === undefined || /^(root|0)(:|$)/.test(user.rest) ? (user ?? last[0]) : undefined;
    },
    "the process runs as root.",
  ],
  [
    ...(["docker-shell-form", 'Write CMD ["node", "src/main.ts"].'] as const),
    (all) =>
      all.find(
        ({ word, rest }) =>
          (word === "CMD" || word === "ENTRYPOINT") && (!rest.startsWith("[") || /^\["(sh|bash|npm|npx|yarn|pnpm)"/.test(rest)),
      ),
    "a shell or a package manager is the first process, and does not pass SIGTERM on.",
  ],
  [
    ...(["docker-dev-dependencies", "Write npm ci --omit=dev --ignore-scripts."] as const),
    (all) => all.find(({ word, rest }) => word === "RUN" && /npm (ci|install)/.test(rest) && !/--omit[= ]dev/.test(rest)),
    "the image has development dependencies.",
  ],
  [
    ...(["docker-scripts-run", "Add --ignore-scripts."] as const),
    (all) => all.find(({ word, rest }) => word === "RUN" && /npm (ci|install)/.test(rest) && !rest.includes("--ignore-scripts")),
    "scripts of packages run while the image is built.",
  ],
  [
    ...(["docker-secret", "Pass secrets when the container starts, or as a build secret."] as const),
    (all) =>
      all.find(
        ({ word, rest }) => (word === "ENV" || word === "ARG") && /(secret|password|token|api_?key)/i.test(rest.split("=")[0] ?? ""),
      ),
    "a secret stays in the image's layers.",
  ],
];

/** Finds what is wrong with a Dockerfile. */
export function checkDockerfile(file: string, text: string): readonly Finding[] {
  const all = read(text);
  return rules.flatMap(([rule, fix, find, message]) => {
    const found = find(all);
    return found === undefined
      ? []
      : [{ rule, file, line: found.line, message: `${found.word} ${found.rest.slice(0, 80)}: ${message}`, fix }];
  });
}
