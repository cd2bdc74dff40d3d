import type { Language } from "../../cli/language.ts";
import { type Report, Stop } from "../../cli/verb.ts";
import { parseDuration } from "../../core/duration.ts";
import { messageOf } from "../../core/value/thrown.ts";
import { percent } from "../openslo.ts";
import { texts } from "../texts.ts";
import { type Budget, budgetsOf, type Counted } from "./budget.ts";
import { fromOps, fromPrometheus } from "./sources.ts";

/** What `plimsoll slo` was asked. */
export interface SloRun {
  readonly language: Language;
  readonly prometheus: string;
  /** In the place of Prometheus: the ops port of one process. */
  readonly ops: string | undefined;
  readonly job: string | undefined;
  readonly window: string;
  readonly signal: AbortSignal;
  /** How wide a text is on the terminal. */
  readonly widthOf: (text: string) => number;
}

/** Reports what is left of the budget for errors of every operation; it has found something where one is used up. */
export async function runSlo(asked: SloRun): Promise<Report> {
  const { language, ops, prometheus, window, job, signal } = asked;
  const text = texts[language];
  if (!/^\d+[dh]$/.test(window) || !(parseDuration(window)! > 0))
    throw new Stop("usage", { message: text.badWindow(window), fix: text.badWindowFix });
  const url = ops ?? prometheus;
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new Stop("usage", {
      message: text.badUrl({ option: ops === undefined ? "prometheus" : "ops", value: url }),
      fix: text.badUrlFix,
    });
  const { counted, retention } = await read().catch((error: unknown) => {
    throw new Stop("unavailable", { message: text.unreachable({ url, message: reasonOf(error) }), fix: text.unreachableFix });
  });
  if (counted.length === 0) throw new Stop("missing", { message: text.noObjectives(url), fix: text.noObjectivesFix });
  const budgets = budgetsOf(counted);
  const spent = budgets.filter(({ left }) => left <= 0);
  const isShort = ops === undefined && retention !== undefined && (parsed(retention) ?? Number.POSITIVE_INFINITY) < parseDuration(window)!;
  return {
    exit: spent.length > 0 ? "found" : "fine",
    lines: [
      ops === undefined ? text.overWindow(window) : text.sinceStart,
      ...table(budgets, asked),
      spent.length > 0 ? text.spent(spent.length) : text.within(budgets.length),
      ...(isShort ? [text.retention({ retention, window })] : []),
    ],
    data: { window: ops === undefined ? window : null, retention: retention ?? null, operations: budgets },
  };

  async function read(): Promise<{ readonly counted: readonly Counted[]; readonly retention: string | undefined }> {
    if (ops !== undefined) return { counted: await fromOps(ops, signal), retention: undefined };
    return fromPrometheus(prometheus, { window, job, signal });
  }
}

/** `fetch` says only that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof TypeError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code ?? cause?.message ?? messageOf(error);
}

/** Reads a duration of Prometheus, as in `15d` or `2w`. */
function parsed(text: string): number | undefined {
  const [, weeks] = /^(\d+)w$/.exec(text) ?? [];
  const [, years] = /^(\d+)y$/.exec(text) ?? [];
  if (weeks !== undefined) return Number(weeks) * 604_800_000;
  if (years !== undefined) return Number(years) * 31_536_000_000;
  return parseDuration(text);
}

function table(budgets: readonly Budget[], { language, widthOf }: SloRun): readonly string[] {
  const { columns, none } = texts[language];
  const rows = budgets.map(({ operation, success, total, failed, good, left }) => [
    operation,
    percent(success),
    String(Math.round(total)),
    String(Math.round(failed)),
    good === undefined ? none : percent(good),
    percent(Math.round(left * 1_000) / 1_000),
  ]);
  const widths = columns.map((column, index) => Math.max(widthOf(column), ...rows.map((row) => widthOf(row[index]!))));
  const pad = (cell: string, index: number) => {
    const blanks = " ".repeat(widths[index]! - widthOf(cell));
    return index === 0 ? cell + blanks : blanks + cell;
  };
  return [columns, ...rows].map((row) => row.map(pad).join("  ").trimEnd());
}
