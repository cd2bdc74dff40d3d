import { kinds } from "../../src/operation/kind.ts";
import type { Problem } from "./problem.ts";
import type { Source } from "./source.ts";
import type { Token } from "./tokens.ts";

/** Where the table of kinds stands, and with it all that depends on which kind an operation is. */
const table = "src/operation/kind.ts";
const names: ReadonlySet<string> = new Set(Object.keys(kinds));
const comparisons: ReadonlySet<string> = new Set(["===", "!==", "==", "!="]);

/** The files that make operations of a kind, or run them. */
const makers: ReadonlySet<string> = new Set([
  "src/operation/contract.ts",
  "src/operation/online/query.ts",
  "src/operation/online/command.ts",
  "src/operation/online/action.ts",
  "src/operation/durable/start.ts",
  "src/operation/durable/task.ts",
  "src/operation/durable/saga.ts",
  "src/operation/events/subscription.ts",
  "src/operation/online/route.ts",
  "src/tasks/tasks.ts",
]);
/** Where the name of a kind is the name of something else: a part of an address, a surface, a text. */
const otherMeanings: ReadonlyMap<string, readonly string[]> = new Map([
  ["src/surface/openapi-operation.ts", ["query"]],
  ["src/tasks/worker/invocation.ts", ["task"]],
  ["src/sagas/worker/run.ts", ["saga"]],
  ["src/deploy/check/workload-rules.ts", ["command"]],
  ["src/deploy/kubernetes/workload.ts", ["command"]],
  ["src/http/docs/words.ts", ["query", "action", "plain-route"]],
]);
/** Where `kind` is that of a value for PostgreSQL, of a span, of a bound, of a metric, or of a boundary of the crash lab. */
const otherTables: ReadonlySet<string> = new Set([
  "src/core/schema/bounds/guard.ts",
  "src/pipeline/metrics/counts.ts",
  "src/postgres/values/write.ts",
  "src/telemetry/otlp-span.ts",
  "src/testing/crash/director.ts",
]);

/**
 * Finds what depends on which kind an operation is outside of the table: a comparison, a `switch`, a list or an object of kinds to look one up in, an import of
 * the table itself, and in a file that reads a kind any text that is the name of one, since every branch on a kind has to name it somewhere.
 * Unions of other names are distinguished by what they are compared with: only the names that the table has count.
 */
export function checkKinds({ path, tokens }: Source): Problem[] {
  if (!path.startsWith("src/") || path === table) return [];
  const message = `It branches on the kind of an operation. Ask for what the kind is (traitsOf), and give it a column in ${table} where it has none.`;
  const lines = new Set<number>();
  const reads = tokens.some(isKindWord);
  const forms = [isCompared, isCase, isLookUp, isIn, isTableImport];
  for (const [at, token] of tokens.entries())
    if (forms.some((is) => is(tokens, at)) || (reads && isNamed(path, token)) || (isIndex(tokens, at) && !otherTables.has(path)))
      lines.add(token.line);
  return [...lines].map((line) => ({ file: path, line, rule: "kind" as const, message }));
}

/** `"task"`, and a regular expression that has the name of a kind in it. */
function isNamed(path: string, { kind, text }: Token): boolean {
  if (makers.has(path)) return false;
  const others = otherMeanings.get(path) ?? [];
  if (kind === "regex") return [...names].some((name) => !others.includes(name) && new RegExp(`\\b${name}\\b`).test(text));
  return (kind === "string" || kind === "template") && names.has(text.replaceAll("`", "")) && !others.includes(text);
}

/** `a[b.kind]`. */
function isIndex(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  if (tokens[at]!.text !== "[" || tokens[at]!.kind !== "mark" || before === undefined) return false;
  if (before.kind !== "word" && before.text !== "]" && before.text !== ")" && before.text !== "}") return false;
  const end = endOfChain(tokens, at + 1);
  return isKindWord(tokens[end]) && tokens[end + 1]?.text === "]";
}

/** `a.kind in b`. */
function isIn(tokens: readonly Token[], at: number): boolean {
  return isKindWord(tokens[at]) && tokens[at + 1]?.text === "in" && tokens[at - 1]?.text !== "const";
}

/** `import { kinds } from "…/kind.ts"`. */
function isTableImport(tokens: readonly Token[], at: number): boolean {
  if (tokens[at]!.kind !== "string" || !/(^|\/)kind\.ts$/.test(tokens[at]!.text) || tokens[at - 1]?.text !== "from") return false;
  const start = tokens.slice(0, at).findLastIndex(({ text, kind }) => kind === "word" && (text === "import" || text === "export"));
  return tokens.slice(start, at).some(({ text, kind }) => (kind === "word" && text === "kinds") || text === "*");
}

const isName = (token: Token | undefined) => token?.kind === "string" && names.has(token.text);
const isKindWord = (token: Token | undefined) => token?.kind === "word" && token.text === "kind";

/** `kind === "task"` and `"task" === a.kind`. */
function isCompared(tokens: readonly Token[], at: number): boolean {
  if (!comparisons.has(tokens[at]!.text)) return false;
  if (isKindWord(tokens[at - 1]) && isName(tokens[at + 1])) return true;
  return isName(tokens[at - 1]) && isKindWord(tokens[endOfChain(tokens, at + 1)]);
}

/** `case "task"` in a `switch (a.kind)`. */
function isCase(tokens: readonly Token[], at: number): boolean {
  if (tokens[at]!.text !== "case" || tokens[at]!.kind !== "word" || !isName(tokens[at + 1])) return false;
  const head = tokens.slice(0, at).findLastIndex(({ text, kind }) => kind === "word" && text === "switch");
  return head !== -1 && isKindWord(tokens[endOfChain(tokens, head + 2)]);
}

/** `["task"].includes(a.kind)`, and a list or an object that holds two kinds or more. */
function isLookUp(tokens: readonly Token[], at: number): boolean {
  const opening = tokens[at]!.text;
  if (tokens[at]!.kind !== "mark" || (opening !== "[" && opening !== "{")) return false;
  const found = new Set<string>();
  let depth = 0;
  let end = at;
  for (; end < tokens.length; end++) {
    const { text, kind } = tokens[end]!;
    if (kind === "mark" && "[{(".includes(text)) depth++;
    else if (kind === "mark" && "]})".includes(text)) depth--;
    if (depth === 0) break;
    if (depth === 1 && end > at && isEntry(tokens, end, opening)) found.add(text);
  }
  const isAsked = tokens[end + 1]?.text === "." && isKindWord(tokens[endOfChain(tokens, end + 4)]);
  return found.size > 1 || (found.size === 1 && isAsked);
}

/** An element of a list, or the key of an object. */
function isEntry(tokens: readonly Token[], at: number, opening: string): boolean {
  const [before, token, after] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (before?.text !== opening && before?.text !== ",") return false;
  if (opening === "[") return isName(token) && (after?.text === "," || after?.text === "]");
  return names.has(token!.text) && token!.kind !== "template" && after?.text === ":";
}

/** The last token of names joined by dots. */
function endOfChain(tokens: readonly Token[], start: number): number {
  let at = start;
  while (tokens[at]?.kind === "word" && (tokens[at + 1]?.text === "." || tokens[at + 1]?.text === "?.")) at += 2;
  return at;
}
