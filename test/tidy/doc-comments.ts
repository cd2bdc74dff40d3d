import type { Problem } from "./problem.ts";
import type { Source } from "./source.ts";

/** Folders whose exports do not all have a doc comment yet. The list only gets shorter. */
export const undocumented: readonly string[] = [];

/** The entries of *undocumented* under which every export has a doc comment. */
export function documentedAlready(sources: readonly Source[]): string[] {
  return undocumented.filter((folder) => !sources.some((source) => source.path.startsWith(folder) && checkDocComments(source).length > 0));
}

/** Finds exports of `src/` without a doc comment above them. Those of a front door have theirs where they are declared. */
export function checkDocComments(source: Source): Problem[] {
  const { path, tokens, comments } = source;
  if (!path.startsWith("src/")) return [];
  const above = new Map(comments.map(({ text, line }) => [line, text]));
  const isDocumented = (line: number): boolean => {
    const comment = above.get(line - 1) ?? "";
    return comment.startsWith("//") ? isDocumented(line - 1) : comment.startsWith("/**");
  };
  const seen = new Set<string>();
  return tokens.flatMap((token, at) => {
    if (token.kind !== "word" || token.text !== "export" || tokens[at - 1]?.text === ".") return [];
    const declared = tokens.slice(at + 1, at + 5).filter(({ kind, text }) => kind === "word" && !modifiers.has(text));
    const name = declared[0]?.text;
    if (
      name === undefined ||
      ["{", "*"].includes(tokens[at + 1]!.text) ||
      (tokens[at + 1]!.text === "type" && tokens[at + 2]!.text === "{")
    )
      return [];
    // Overloads share the comment above the first.
    const isFirst = !seen.has(name);
    seen.add(name);
    if (!isFirst || isDocumented(token.line)) return [];
    const message = `"${name}" is exported without a doc comment. Say in one sentence what its name does not: /** … */`;
    return [{ file: path, line: token.line, rule: "doc-comment" as const, message }];
  });
}

const modifiers = new Set(["async", "abstract", "declare", "const", "let", "var", "function", "class", "interface", "type"]);
