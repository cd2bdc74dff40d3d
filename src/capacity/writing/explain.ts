import type { Language } from "../../design/language.ts";
import { figure } from "../../design/planning/load.ts";
import type { Figure, FigureName, Plan } from "../planning/plan.ts";
import { texts } from "./texts.ts";

/** Writes the value of a figure with its unit. */
export function writeFigure({ value, unit }: Figure, language: Language): string {
  if (unit === "count") return String(value);
  const name = texts[language].units[unit];
  return `${figure(value)}${name.startsWith("/") ? "" : " "}${name}`;
}

/** Explains a figure: its value, the formula, what it comes from, and the source. */
export function explain(plan: Plan, name: FigureName, language: Language): readonly string[] {
  const say = texts[language];
  const at = plan.scales.map(({ figures }) => figures.find((one) => one.name === name)!);
  const [now, ...later] = at;
  const rows = [
    [say.why.is, writeFigure(now!, language)],
    [say.why.formula, now!.formula],
    [say.why.because, say.figures[name].because],
    [say.why.from, now!.from.length === 0 ? say.why.nothing : now!.from.map((from) => named(plan, from)).join("; ")],
    [say.why.source, now!.source],
    [say.why.scales, later.map((one) => `${writeFigure(one, language)} (${one.formula})`).join("; ")],
  ];
  const colon = language === "zh" ? "：" : ": ";
  return [`${say.figures[name].title} (${name})`, ...rows.map(([title, text]) => `  ${title}${colon}${text}`)];
}

/** Something assumed is shown with its value. */
function named({ assumed }: Plan, from: string): string {
  const one = assumed.find(({ name }) => name === from);
  return one === undefined ? from : `${from} = ${one.value}`;
}
