import type { Language } from "../../design/language.ts";
import type { Comparison } from "../paired/compare.ts";
import type { Interval } from "../paired/interval.ts";
import { texts } from "./texts.ts";

/** What a comparison found as lines for people, one for each figure. */
export function comparedLines({ figures }: Comparison, language: Language): readonly string[] {
  const say = texts[language];
  const shown = ({ middle, low, high }: Interval) => `${middle.toFixed(3)} (${low.toFixed(3)} ${say.to} ${high.toFixed(3)})`;
  return Object.entries(figures).map(([name, { verdict, change, same }]) => {
    const mark = { regression: "!", fine: "✓", "not shown": "?" }[verdict];
    const figure = say.figures[name as keyof typeof say.figures] ?? name;
    return `${mark} ${figure}: ${say.verdicts[verdict]}, ${shown(change)}; ${say.itself} ${shown(same)}`;
  });
}
