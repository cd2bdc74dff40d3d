import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { scenarioHash } from "../../load/lab/lock.ts";
import { type Report, Stop } from "../verb.ts";
import { predictedLine, readLocks, type Where } from "./where.ts";

/** What {@link compared} is given beside the scenario. `seconds` is the length of a slice. */
export interface ComparedOptions extends Where {
  /** The checkout of the version before the change. */
  readonly before: string;
  readonly rate: number | undefined;
  readonly rounds: number | undefined;
}

/** `--before`: compares this checkout with another one in pairs. */
export async function compared(given: ComparedOptions): Promise<Report> {
  const { scenario, folder, language, before, seconds, rounds, signal } = given;
  const { start } = scenario;
  if (start === undefined)
    throw new Stop("usage", {
      message: {
        en: "A comparison starts both versions of the app, and the scenario does not say how.",
        zh: "比较需要启动应用的两个版本，而场景没有说明如何启动。",
      }[language],
      fix: {
        en: 'Add start to the scenario, as in start: ["node", "src/api.ts"].',
        zh: '请在场景中加上 start，例如 start: ["node", "src/api.ts"]。',
      }[language],
    });
  if (!existsSync(resolve(folder, before)))
    throw new Stop("missing", {
      message: { en: `There is no folder ${before}.`, zh: `没有文件夹 ${before}。` }[language],
      fix: {
        en: "Make a checkout of the earlier version, with git worktree add, and install its packages.",
        zh: "请用 git worktree add 检出较早的版本，并安装其依赖。",
      }[language],
    });
  const [{ compareVersions }, { comparedLines }] = await Promise.all([
    import("../../load/paired/versions.ts"),
    import("../../load/report/compared.ts"),
  ]);
  const rate = await rateOf(given);
  const most = rounds === undefined ? undefined : Math.max(6, Math.round(rounds));
  const comparison = await compareVersions({
    ...{ scenario: { ...scenario, start }, before: resolve(folder, before), after: folder, rate, seconds, signal },
    ...{ most, least: most === undefined ? undefined : Math.min(8, most) },
  });
  const verdicts = Object.values(comparison.figures).map(({ verdict }) => verdict);
  return {
    exit: verdicts.includes("regression") ? "found" : verdicts.includes("not shown") ? "notShown" : "fine",
    lines: [
      ...comparedLines(comparison, language),
      {
        en: `${comparison.rounds} rounds at ${rate}/s, this checkout against ${before}.`,
        zh: `${comparison.rounds} 轮，${rate}/s，本检出与 ${before} 相比。`,
      }[language],
    ],
    data: { ...comparison, rate },
  };
}

/** Half of the line: as it was asked for, as the lock has it, or as it is predicted. */
async function rateOf(given: ComparedOptions): Promise<number> {
  if (given.rate !== undefined) return given.rate;
  const locked = readLocks(given.folder, given.language)[given.name];
  if (locked?.scenario === scenarioHash(given.scenario)) return Math.max(2, Math.round(locked.line / 2));
  return Math.max(2, Math.round(((await predictedLine(given)) ?? 40) / 2));
}
