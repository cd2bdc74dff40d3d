import type { Design } from "../../design/planning/design.ts";
import { designSchema } from "../../design/writing/schema.ts";
import { checkValue } from "./check-value.ts";
import { linesOfJson } from "./json-lines.ts";

/** What is wrong in a design, with its line. */
export interface DesignProblem {
  readonly line: number;
  readonly path: string;
  readonly expected: string;
}

/** Reads a design, which a person may have edited. */
export function readDesign(text: string): { readonly design: Design } | { readonly problems: readonly DesignProblem[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problems: [{ line: lineOfError(text, error), path: "", expected: "JSON" }] };
  }
  const wrong = checkValue(value, designSchema);
  if (wrong.length > 0) {
    const lines = linesOfJson(text);
    return { problems: wrong.map((problem) => ({ ...problem, line: lines.get(problem.path) ?? 1 })) };
  }
  return { design: value as Design };
}

/** Messages of `JSON.parse` name a place or a piece of the text. */
function lineOfError(text: string, error: unknown): number {
  const message = error instanceof Error ? error.message : "";
  const line = /line (\d+)/.exec(message)?.[1];
  if (line !== undefined) return Number(line);
  const position = /position (\d+)/.exec(message)?.[1];
  return text.slice(0, position === undefined ? text.length : Number(position)).split("\n").length;
}
