import { checkDocComments, undocumented } from "./doc-comments.ts";
import { checkRings } from "./imports/rings.ts";
import { checkSurfaces } from "./imports/surfaces.ts";
import { checkKinds } from "./kinds.ts";
import { checkCycles, checkLayers } from "./layers.ts";
import { checkPhrases } from "./phrases.ts";
import type { Problem, Rule } from "./problem.ts";
import { checkFolders, checkNames, checkShapes } from "./shapes.ts";
import { readSource, type Source } from "./source.ts";
import { checkSql, checkStoreTables } from "./sql.ts";
import { checkWords } from "./words.ts";

/** The files of a tree, by their paths from its root. */
export type Tree = ReadonlyMap<string, string>;

const roots = /^(src|examples|bench|test)\//;
/** What no comment can allow: the shape of the house itself. */
const final: ReadonlySet<Rule> = new Set(["layer", "edges-meet", "cycle", "published", "allow"]);
// Joined here, so that this file does not hold them.
const unpublished = [
  ["", "work", ""],
  ["", "tmp", "brief"],
  ["", "root", ""],
].map((parts) => parts.join("/"));

/** Checks a tree against every rule of the house. A line with `// tidy-allow: reason`, or the line below one, may break those that are not final. */
export function checkTree(tree: Tree): Problem[] {
  const paths = [...tree.keys()].filter((path) => roots.test(path));
  const sources = paths.filter((path) => path.endsWith(".ts")).map((path) => readSource(path, tree.get(path)!));
  const perFile = sources.flatMap((source) => {
    const problems = [
      checkLayers,
      checkPhrases,
      checkKinds,
      checkSurfaces,
      checkStoreTables,
      checkShapes,
      checkNames,
      checkDocCommentsOf,
      checkWordsOf,
    ].flatMap((check) => check(source));
    return applyAllowances(source, problems);
  });
  const published = [...tree].flatMap(([path, text]) => checkPublished(path, text));
  const read = new Set(sources.map(({ path }) => path));
  const words = [...tree].filter(([path]) => !read.has(path)).flatMap(([path, text]) => checkWordsOf({ path, text }));
  const sql = paths.filter((path) => path.endsWith(".sql")).flatMap((path) => checkSql(path, tree.get(path)!));
  return [...perFile, ...sql, ...checkCycles(sources), ...checkRings(sources), ...checkFolders(paths), ...published, ...words];
}

function checkDocCommentsOf(source: Source): Problem[] {
  return undocumented.some((folder) => source.path.startsWith(folder)) ? [] : checkDocComments(source);
}

function checkWordsOf({ path, text }: Pick<Source, "path" | "text">): Problem[] {
  return checkWords(path, text);
}

function applyAllowances({ path, comments }: Source, problems: readonly Problem[]): Problem[] {
  const allowances = comments.flatMap(({ text, line }) => {
    const match = /^\/\/ tidy-allow\b:?\s*(.*)$/.exec(text);
    return match ? [{ line, reason: match[1]! }] : [];
  });
  const covers = (line: number, problem: Problem) => !final.has(problem.rule) && (problem.line === line || problem.line === line + 1);
  const kept = problems.filter((problem) => !allowances.some(({ line }) => covers(line, problem)));
  for (const { line, reason } of allowances) {
    if (reason === "")
      kept.push({ file: path, line, rule: "allow", message: "An allowance without a reason. Write it: // tidy-allow: why" });
    else if (!problems.some((problem) => covers(line, problem)))
      kept.push({ file: path, line, rule: "allow", message: "It allows nothing. Delete it." });
  }
  return kept;
}

/** Finds what means something on one machine only. */
function checkPublished(path: string, text: string): Problem[] {
  return text.split("\n").flatMap((line, index) => {
    const found = unpublished.find((phrase) => line.includes(phrase));
    if (!found) return [];
    return [
      { file: path, line: index + 1, rule: "published" as const, message: `"${found}" is a place on one machine. Name what a reader has.` },
    ];
  });
}
