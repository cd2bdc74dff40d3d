import { z } from "zod";
import { type Read, readAs } from "./read-files.ts";

const plan = z.object({
  scales: z
    .array(z.object({ figures: z.array(z.object({ name: z.string(), value: z.number(), formula: z.string() }).loose()) }).loose())
    .min(1),
});

/** A figure of a plan with what it comes from, in one sentence. */
export interface PlannedFigure {
  readonly value: number;
  readonly from: string;
}

/** Reads the figures of `plan.json` at 1 × of the load, by their names. */
export function readPlannedFigures(text: string, file: string): Read<Readonly<Record<string, PlannedFigure>>> {
  const fix = {
    en: "Run plimsoll plan again, or remove the file to deploy with the numbers that are usual.",
    zh: "请重新运行 plimsoll 规划，或删除该文件以采用常用的数字。",
  };
  const found = readAs(plan, { text, file, fix });
  if (!("value" in found)) return found;
  const { figures } = found.value.scales[0]!;
  return { value: Object.fromEntries(figures.map(({ name, value, formula }) => [name, { value, from: `${file}, ${name}: ${formula}` }])) };
}
