import { join } from "node:path";
import type { LockFinding } from "../../load/lab/lock.ts";
import { writeFiles } from "../files/write-files.ts";
import type { Language } from "../language.ts";
import { type Report, Stop } from "../verb.ts";
import { lockFile, predictedLine, readLocks, type Where } from "./where.ts";

/** What {@link measured} is given beside the scenario. */
export interface MeasuredOptions extends Where {
  readonly first: number | undefined;
  readonly attempts: number | undefined;
  /** Why the lock is written; without it, it is compared. */
  readonly reason: string | undefined;
}

/** Finds the line, counts what executions use, writes the report, and compares with the lock or writes it. */
export async function measured(given: MeasuredOptions): Promise<Report> {
  const { scenario, folder, out, language, name, seconds, signal, reason } = given;
  const { compareLines, lockOf } = await import("../../load/lab/lock.ts");
  const locks = readLocks(folder, language);
  const { found, predicted } = await searched(given);
  const { countUses } = await import("../../load/lab/counts.ts");
  const was = locks[name];
  // At the rate of the lock, so that counts which depend on it are those of the lock; on a slower machine that may be too much.
  const rate =
    was?.rate !== undefined && reason === undefined && was.rate <= found.line * 0.7 ? was.rate : Math.max(2, Math.round(found.line / 2));
  const uses = await countUses({ scenario, rate, seconds: seconds / 4, signal });
  const written = await report(given, { found, predicted, half: uses.run });
  const entry = lockOf({ scenario, found, uses }, reason ?? "first measurement");
  const findings = was === undefined || reason !== undefined ? [] : compareLines(was, entry);
  if (was === undefined || reason !== undefined) {
    const sorted = Object.fromEntries(Object.entries({ ...locks, [name]: entry }).toSorted(([one], [other]) => (one < other ? -1 : 1)));
    writeFiles(folder, { files: new Map([[lockFile, `${JSON.stringify(sorted, undefined, 2)}\n`]]), language });
  }
  const line = {
    en: `Load line: ${entry.line}/s, ${entry.ratio} for each unit of the yardstick.`,
    zh: `负载线：${entry.line}/s，每单位标尺 ${entry.ratio}。`,
  };
  return {
    exit: findings.some(({ fails }) => fails) ? "found" : "fine",
    lines: [
      line[language],
      ...(found.isExact ? [] : [{ en: "The search ended early: it is at least this.", zh: "搜索提前结束：至少为此值。" }[language]]),
      ...written.lines,
      ...findings.map((finding) => findingLine(finding, language)),
      {
        en: `Written: ${written.files.map((one) => `${out}/${one}`).join(", ")}.`,
        zh: `已写出：${written.files.map((one) => `${out}/${one}`).join("、")}。`,
      }[language],
    ],
    data: { line: entry, findings, trials: found.trials, predicted: predicted ?? null, single: written.single },
  };
}

async function searched(given: MeasuredOptions) {
  const { scenario, language, seconds, signal } = given;
  const { findLine } = await import("../../load/lab/find-line.ts");
  const predicted = await predictedLine(given);
  const first = given.first ?? predicted ?? 50;
  // Sixteen runs at most, and 180 s: what runs longer has fewer.
  const attempts = given.attempts ?? Math.max(4, Math.min(16, Math.floor(180 / seconds)));
  const found = await findLine({ scenario, first, seconds, attempts, signal });
  if (found.line > 0) return { found, predicted };
  throw new Stop("found", {
    message: { en: "No rate that was tried keeps the deadline.", zh: "尝试过的速率都守不住截止时间。" }[language],
    fix: {
      en: "Look at the reasons in the app's log, or begin lower with --first.",
      zh: "请查看应用日志中的原因，或用 --first 从更低处开始。",
    }[language],
  });
}

type Found = Awaited<ReturnType<typeof searched>>;

/** Writes the page and the picture, and returns the table of one process as lines too. */
async function report(
  { scenario, folder, out, language, name }: Where,
  { found, predicted, half }: Found & { readonly half: import("../../load/lab/run-at.ts").LabRun },
) {
  const [{ pictureOf, writeReport }, { cellsOf, rowsOf }, { texts }] = await Promise.all([
    import("../../load/report/html.ts"),
    import("../../load/report/table.ts"),
    import("../../load/report/texts.ts"),
  ]);
  const single = rowsOf({ scenario, found, half });
  const reported = { name, language, found, deadlineMs: scenario.deadlineMs ?? 300, predicted, single };
  const files = new Map([
    [`load-${name}.html`, writeReport(reported)],
    [`load-${name}.svg`, pictureOf(reported)],
  ]);
  writeFiles(join(folder, out), { files, language });
  const { rowAt, singleColumns, notShown } = texts[language];
  const [, ...names] = Object.values(singleColumns);
  const lines = single.map(
    (row) =>
      `${rowAt[row.at]}: ${cellsOf(row, notShown)
        .map((cell, index) => `${names[index]} ${cell}`)
        .join(", ")}`,
  );
  return { single, lines, files: [...files.keys()] };
}

function findingLine({ what, operation, was, is, fails }: LockFinding, language: Language): string {
  const named = { en: { "not shown": "not shown on this machine" }, zh: { "not shown": "本机未测出" } }[language];
  const value = (of: number | string) => (of === "not shown" ? named[of] : of);
  return `${fails ? "!" : "?"} ${what}${operation ? ` ${operation}` : ""}: ${value(was)} → ${value(is)}`;
}
