import type { LoadLineReading } from "../../core/load-line/load-lines.ts";
import { textTable } from "../ops/text.ts";

const columns: readonly (readonly [string, (reading: LoadLineReading) => string])[] = [
  ["limit", ({ name }) => name],
  ["mode", ({ mode, fixed }) => (fixed === undefined ? mode : `${mode}, fixed`)],
  ["phase", ({ phase }) => phase ?? "-"],
  ["declared", ({ declared }) => number(declared)],
  ["shares", ({ shares }) => shares?.join("+") ?? "-"],
  ["learnt", ({ learnt }) => number(learnt)],
  ["now", ({ now }) => number(now)],
  ["high water", ({ highWater }) => number(highWater)],
  ["unit", ({ unit }) => unit],
  ["admitted", ({ admitted }) => number(admitted)],
  ["refused", ({ refused }) => counts(refused)],
  ["would refuse", ({ wouldRefuse }) => counts(wouldRefuse)],
  ["since", ({ since }) => new Date(since).toISOString()],
  // Last, because it is the longest; control characters would end the line.
  ["reason", ({ reason }) => reason.replaceAll(/\p{Cc}+/gu, " ")],
];

/** Shows limits as a table of plain text, one a line. */
export function tableOf(readings: readonly LoadLineReading[]): string {
  return textTable([columns.map(([title]) => title), ...readings.map((reading) => columns.map(([, cell]) => cell(reading)))]);
}

function number(value: number | undefined): string {
  return value === undefined ? "-" : String(Math.round(value * 100) / 100);
}

/** All of it, with the reasons that occurred. */
function counts(byReason: Readonly<Record<string, number>>): string {
  const seen = Object.entries(byReason).filter(([, count]) => count > 0);
  return seen.length === 0 ? "0" : seen.map(([reason, count]) => `${count} ${reason}`).join(", ");
}
