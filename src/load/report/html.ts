import type { Language } from "../../design/language.ts";
import type { FoundLine } from "../lab/search.ts";
import { drawLatency } from "./svg.ts";
import { cellsOf, type SingleRow } from "./table.ts";
import { texts } from "./texts.ts";

/** What a report shows. */
export interface Reported {
  readonly name: string;
  readonly language: Language;
  readonly found: FoundLine;
  readonly deadlineMs: number;
  readonly predicted: number | undefined;
  readonly single: readonly SingleRow[];
}

/** Draws the picture of a report. */
export function pictureOf({ language, found, deadlineMs, predicted }: Reported): string {
  return drawLatency({ trials: found.trials, deadlineMs, line: found.line, predicted, words: texts[language] });
}

/** Writes a report as one page, with its picture inside. */
export function writeReport(reported: Reported): string {
  const { name, language, found, predicted, single } = reported;
  const say = texts[language];
  const { columns: head } = say;
  const cells = (tag: "td" | "th", values: readonly string[]) =>
    `<tr>${values.map((value) => `<${tag}>${escaped(value)}</${tag}>`).join("")}</tr>`;
  const rows = found.trials.map(({ rate, p50Ms, p99Ms, bad, holds, yardstick }) =>
    cells("td", [
      `${rate.toFixed(0)}/s`,
      `${p50Ms.toFixed(1)} ms`,
      `${p99Ms.toFixed(1)} ms`,
      `${(bad * 100).toFixed(2)}%`,
      holds ? say.yes : say.no,
      yardstick.toFixed(0),
    ]),
  );
  const singles = single.map((row) => cells("td", [say.rowAt[row.at], ...cellsOf(row, say.notShown)]));
  const promised = predicted === undefined ? say.notShown : `${predicted.toFixed(0)}/s`;
  return [
    `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>${escaped(`${say.title}: ${name}`)}</title>`,
    "<style>body{font-family:sans-serif;margin:2em}td,th{padding:.2em .8em;text-align:right;border-bottom:1px solid #ccc}</style>",
    `<h1>${escaped(`${say.title}: ${name}`)}</h1>`,
    `<p>${say.line}: ${found.line.toFixed(0)}/s. ${say.ratio}: ${found.ratio.toPrecision(3)}.${found.isExact ? "" : ` ${say.inexact}`}</p>`,
    pictureOf(reported),
    `<h2>${say.promised}</h2><table>${cells("th", [say.predicted, say.measured])}${cells("td", [promised, `${found.line.toFixed(0)}/s`])}</table>`,
    `<h2>${say.single}</h2><table>${cells("th", Object.values(say.singleColumns))}${singles.join("")}</table>`,
    `<h2>${say.rows}</h2><table>${cells("th", Object.values(head))}${rows.join("")}</table></html>`,
    "",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
