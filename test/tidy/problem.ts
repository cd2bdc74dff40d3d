/** One place that breaks a rule of the house. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly rule: Rule;
  /** What is wrong and what to do. */
  readonly message: string;
}

export type Rule =
  | "layer"
  | "edges-meet"
  | "cycle"
  | "front-door"
  | "barrel"
  | "file-length"
  | "function-length"
  | "parameters"
  | "folder-size"
  | "sql-function"
  | "name"
  | "erasable"
  | "old-syntax"
  | "default-export"
  | "throw"
  | "console"
  | "clock"
  | "any"
  | "kind"
  | "surface"
  | "store-table"
  | "allow"
  | "published"
  | "word"
  | "doc-comment";

export function printProblem({ file, line, rule, message }: Problem): string {
  return `${file}:${line} [${rule}] ${message}`;
}
