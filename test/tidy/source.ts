import { type Comment, type Token, tokenize } from "./tokens.ts";

/** What one file of the tree says, as far as the rules ask. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import type`, `export type`, or nothing but `type` names in the braces. */
  readonly typeOnly: boolean;
  /** `dynamic` is `import("…")`, in an expression or in a type. */
  readonly form: "import" | "re-export" | "re-export-all" | "dynamic";
}

export interface Export {
  readonly name: string;
  readonly line: number;
}

export function readSource(path: string, text: string): Source {
  const { tokens, comments } = tokenize(text);
  const imports: Import[] = [];
  const exports: Export[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== "word" || tokens[index - 1]?.text === ".") continue;
    if (token.text === "import") imports.push(...readImport(tokens, index));
    if (token.text === "export") {
      imports.push(...readReExport(tokens, index));
      exports.push(...readExport(tokens, index));
    }
  }
  return { path, text, tokens, comments, imports, exports };
}

function readImport(tokens: readonly Token[], start: number): Import[] {
  const { line } = tokens[start]!;
  const next = tokens[start + 1];
  if (next?.text === "(") {
    const specifier = tokens[start + 2];
    return specifier?.kind === "string" ? [{ specifier: specifier.text, line, typeOnly: false, form: "dynamic" }] : [];
  }
  if (next?.kind === "string") return [{ specifier: next.text, line, typeOnly: false, form: "import" }];
  const from = findFrom(tokens, start + 1);
  return from ? [{ specifier: from.specifier, line, typeOnly: isTypeOnly(tokens.slice(start + 1, from.at)), form: "import" }] : [];
}

function readReExport(tokens: readonly Token[], start: number): Import[] {
  const type = tokens[start + 1]?.text === "type" ? 1 : 0;
  const opening = tokens[start + 1 + type]?.text;
  if (opening !== "*" && opening !== "{") return [];
  const from = findFrom(tokens, start + 1);
  if (!from) return [];
  const form = opening === "*" ? "re-export-all" : "re-export";
  return [{ specifier: from.specifier, line: tokens[start]!.line, typeOnly: isTypeOnly(tokens.slice(start + 1, from.at)), form }];
}

/** Finds the `from "…"` of a clause; a clause holds names, commas, braces and stars only. */
function findFrom(tokens: readonly Token[], start: number): { readonly at: number; readonly specifier: string } | undefined {
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at]!;
    const next = tokens[at + 1];
    if (token.text === "from" && token.kind === "word" && next?.kind === "string") return { at, specifier: next.text };
    if (token.kind !== "word" && !["{", "}", ",", "*"].includes(token.text)) return undefined;
  }
  return undefined;
}

function isTypeOnly(clause: readonly Token[]): boolean {
  const [first, second] = clause;
  if (first?.text === "type" && second && second.text !== ",") return true;
  if (first?.text !== "{") return false;
  const names = clause
    .slice(
      1,
      clause.findLastIndex(({ text }) => text === "}"),
    )
    .map(({ text }) => text)
    .join(" ")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.length > 0 && names.every((name) => name.startsWith("type "));
}

const modifiers = new Set([
  "async",
  "abstract",
  "declare",
  "const",
  "let",
  "var",
  "function",
  "class",
  "interface",
  "type",
  "enum",
  "namespace",
  "*",
]);

/** The names that an export statement gives to other files. */
function readExport(tokens: readonly Token[], start: number): Export[] {
  let at = start + 1;
  if (tokens[at]?.text === "default") return [{ name: "default", line: tokens[at]!.line }];
  // `export const enum` and `export abstract class` have their name last; `export const type = …` has a name that reads as a modifier.
  while (
    modifiers.has(tokens[at]?.text ?? "") &&
    (tokens[at + 1]?.kind === "word" || tokens[at + 1]?.text === "{" || tokens[at + 1]?.text === "*")
  )
    at++;
  const first = tokens[at];
  if (first?.text !== "{") return first?.kind === "word" ? [{ name: first.text, line: first.line }] : [];
  const names: Export[] = [];
  for (at++; at < tokens.length && tokens[at]!.text !== "}"; at++) {
    const token = tokens[at]!;
    const ends = [",", "}"].includes(tokens[at + 1]?.text ?? "}");
    if (token.kind === "word" && ends) names.push({ name: token.text, line: token.line });
  }
  return names;
}
