import type { Plan } from "../planning/plan.ts";
import { writeMarkdown } from "./markdown.ts";
import { planSchema } from "./schema.ts";

/** Writes a plan: the names of its files with their content. The same plan gives the same bytes. */
export function writePlan(plan: Plan): ReadonlyMap<string, string> {
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  return new Map([
    ["plan.json", json({ $schema: "./plan.schema.json", ...plan })],
    ["plan.schema.json", json(planSchema)],
    ["PLAN.md", writeMarkdown(plan)],
  ]);
}
