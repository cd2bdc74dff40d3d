import type { Problem, Rule } from "./problem.ts";
import type { Source } from "./source.ts";
import type { Token } from "./tokens.ts";

interface Phrase {
  readonly rule: Rule;
  /** Tokens that follow each other. */
  readonly tokens: readonly string[];
  readonly message: string;
  /** *Default*: everywhere. */
  readonly only?: (path: string) => boolean;
}

const inSource = (path: string) => path.startsWith("src/");
const offClock = (path: string) => inSource(path) && path !== "src/core/clock.ts";
const fromClock = (what: string) => `Take ${what} from the Clock that is passed in, so that a test can own it.`;

const phrases: readonly Phrase[] = [
  { rule: "barrel", tokens: ["export", "*"], message: "export * hides what is shown. List the names.", only: inSource },
  { rule: "default-export", tokens: ["export", "default"], message: "A default export has no name of its own. Export it by name." },
  { rule: "default-export", tokens: ["as", "default"], message: "A default export has no name of its own. Export it by name." },
  {
    rule: "throw",
    tokens: ["throw", "new", "Error", "("],
    message: "An Error has no code. Throw a Fault, or assert where it is a bug.",
    only: inSource,
  },
  {
    rule: "throw",
    tokens: ["throw", "Error", "("],
    message: "An Error has no code. Throw a Fault, or assert where it is a bug.",
    only: inSource,
  },
  { rule: "console", tokens: ["console", "."], message: "The library prints nothing. Publish a signal.", only: inSource },
  { rule: "clock", tokens: ["Date", ".", "now", "("], message: fromClock("time"), only: offClock },
  { rule: "clock", tokens: ["new", "Date", "(", ")"], message: fromClock("time"), only: offClock },
  { rule: "clock", tokens: ["performance", ".", "now", "("], message: fromClock("time"), only: offClock },
  { rule: "clock", tokens: ["Math", ".", "random", "("], message: fromClock("randomness"), only: offClock },
  { rule: "clock", tokens: ["setTimeout", "("], message: fromClock("timers"), only: offClock },
  { rule: "clock", tokens: ["setInterval", "("], message: fromClock("timers"), only: offClock },
];

/** Finds what the house does not write, and syntax that Node cannot erase. */
export function checkPhrases(source: Source): Problem[] {
  const { path, tokens } = source;
  const problems: Problem[] = [];
  const asked = phrases.filter(({ only }) => only?.(path) ?? true);
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "word" && !isDecorator(token)) continue;
    // A property of something else, or the key of an object, is another thing of the same name.
    if (tokens[at - 1]?.text === "." || tokens[at - 1]?.text === "?.") continue;
    const phrase = asked.find((asked) =>
      asked.tokens.every((text, offset) => tokens[at + offset]?.text === text && tokens[at + offset]?.kind !== "string"),
    );
    if (phrase) problems.push({ file: path, line: token.line, rule: phrase.rule, message: phrase.message });
    const unerasable = checkErasable(source, at);
    if (unerasable) problems.push({ file: path, line: token.line, rule: "erasable", message: unerasable });
    if (token.text === "any" && isType(source, at) && !hasReason(source, token.line)) {
      const message = "any without a reason. Write unknown, or say why above it: // biome-ignore lint/suspicious/noExplicitAny: the reason";
      problems.push({ file: path, line: token.line, rule: "any", message });
    }
  }
  return problems;
}

function isDecorator({ kind, text }: Token): boolean {
  return kind === "mark" && text === "@";
}

function checkErasable({ tokens }: Source, at: number): string | undefined {
  const [before, token, next, afterNext] = [tokens[at - 1], tokens[at]!, tokens[at + 1], tokens[at + 2]];
  if (isDecorator(token)) return "A decorator cannot be erased. Pass a function or an object.";
  if (before?.text === "declare") return undefined;
  if (token.text === "enum" && next?.kind === "word" && afterNext?.text === "{")
    return "An enum cannot be erased. Use an object `as const`.";
  const opens = ["{", "."].includes(afterNext?.text ?? "");
  if (["namespace", "module"].includes(token.text) && next?.kind === "word" && opens)
    return "A namespace cannot be erased. A file is a namespace already.";
  return undefined;
}

function isType({ tokens }: Source, at: number): boolean {
  const [before, next] = [tokens[at - 1]?.text ?? "", tokens[at + 1]?.text ?? ""];
  return (
    [":", "<", ",", "|", "&", "as", "=", "=>", "(", "[", "extends", "is", "?"].includes(before) && !["(", ":", "?.", "."].includes(next)
  );
}

function hasReason({ comments }: Source, line: number): boolean {
  return comments.some(
    ({ text, line: at }) => /noExplicitAny: \S/.test(text) && (at === line || at === line - 1 || text.includes("biome-ignore-all")),
  );
}
