import { target } from "../layers.ts";
import type { Problem } from "../problem.ts";
import type { Source } from "../source.ts";

/** Two files may describe each other: a class and the port that it is given. */
const maxRingFiles = 2;

/**
 * Rings that are known and not open yet, each by one of its files. The list only gets shorter: a ring that is open is a problem until its line is
 * deleted here.
 */
export const knownRings: readonly string[] = [];

/** Finds files that know of each other all around, by imports of any form: what a type names has to be understood together with it. */
export function checkRings(sources: readonly Source[], known: readonly string[] = knownRings): Problem[] {
  const byPath = new Map(sources.filter(({ path }) => path.startsWith("src/")).map((source) => [source.path, source]));
  const rings = ringsOf(byPath).filter((ring) => ring.length > maxRingFiles);
  const problems = rings
    .filter((ring) => !ring.some((path) => known.includes(path)))
    .map((ring) => ({
      ...{ file: ring[0]!, line: 1, rule: "cycle" as const },
      message: `These ${ring.length} files import each other in a ring: ${ring.join(", ")}. Move what they share into a file below them.`,
    }));
  const opened = known.filter((path) => byPath.has(path) && !rings.some((ring) => ring.includes(path)));
  return [
    ...problems,
    ...opened.map((file) => ({ file, line: 1, rule: "cycle" as const, message: "Its ring is open. Delete its line of knownRings." })),
  ];
}

/** The strongly connected parts of the graph of imports. *Source*: R. Tarjan, "Depth-first search and linear graph algorithms" (1972). */
function ringsOf(byPath: ReadonlyMap<string, Source>): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const rings: string[][] = [];
  const visit = (source: Source): void => {
    const { path } = source;
    order.set(path, order.size);
    low.set(path, order.get(path)!);
    stack.push(path);
    for (const imported of source.imports) {
      const next = byPath.get(target(source, imported) ?? "");
      if (next === undefined) continue;
      if (!order.has(next.path)) visit(next);
      if (stack.includes(next.path)) low.set(path, Math.min(low.get(path)!, low.get(next.path)!));
    }
    if (low.get(path) === order.get(path)) rings.push(stack.splice(stack.indexOf(path)).toSorted());
  };
  for (const source of byPath.values()) if (!order.has(source.path)) visit(source);
  return rings;
}
