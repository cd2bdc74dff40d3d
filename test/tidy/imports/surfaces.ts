import type { Problem } from "../problem.ts";
import type { Source } from "../source.ts";

/** Finds HTTP in the pipeline, which serves every surface alike: a name or a text that says it, or an import of its routes. */
export function checkSurfaces({ path, tokens, imports }: Source): Problem[] {
  if (!path.startsWith("src/pipeline/")) return [];
  const message = "The pipeline knows no surface. Let the surface do it: Surface.compile at the start, Invocation for each request.";
  const lines = new Set(tokens.flatMap(({ kind, text, line }) => (kind !== "mark" && /\bhttp\b|Http|^http/i.test(text) ? [line] : [])));
  for (const { specifier, line } of imports) if (/\/operation\/route\.ts$/.test(specifier)) lines.add(line);
  return [...lines].map((line) => ({ file: path, line, rule: "surface" as const, message }));
}
