import type { Reference } from "./source-file.ts";
import type { Tokens } from "./tokens.ts";

/** A part of a file: from a token up to, and without, another. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const keywords = new Set(
  "import export from const let var function async await return if else for while do switch case default break continue throw try catch finally new class extends implements interface type enum namespace declare abstract static readonly public private protected override get set typeof instanceof in of void delete yield as satisfies is keyof infer this super null undefined true false string number boolean bigint symbol object unknown any never".split(
    " ",
  ),
);

/** Finds what a part of a file names, without its own parameters and variables. */
export function referencesIn(tokens: Tokens, span: Span, bound: ReadonlySet<string>): Reference[] {
  const { kinds, texts, lines } = tokens;
  const found: Reference[] = [];
  for (let at = span.start; at < span.end; at++) {
    if (kinds[at] !== "word") continue;
    const [name, before, next] = [texts[at]!, texts[at - 1], texts[at + 1]];
    if ((name === "import" || name === "require") && next === "(" && kinds[at + 2] === "string")
      found.push({ name: "import", member: undefined, line: lines[at]!, specifier: texts[at + 2]! });
    if (before === "." || before === "?." || keywords.has(name) || bound.has(name)) continue;
    // The key of an object or of a type is another thing of the same name.
    if (next === ":" && (before === "{" || before === ",")) continue;
    const member = next === "." || next === "?." ? texts[at + 2] : undefined;
    found.push({ name, member, line: lines[at]! });
  }
  return found;
}

/** Finds the names that are bound inside of a part of a file: parameters of functions, variables, what is caught. */
export function boundIn(tokens: Tokens, span: Span): ReadonlySet<string> {
  const { texts, mates } = tokens;
  const bound = new Set<string>();
  for (let at = span.start; at < span.end; at++) {
    const text = texts[at]!;
    if (text === "=>") {
      if (texts[at - 1] === ")" || tokens.kinds[at - 1] === "word") {
        const open = texts[at - 1] === ")" ? mates[at - 1] : parametersBefore(tokens, at, span.start);
        if (open !== undefined) bindPattern(tokens, { start: open, end: at }, bound);
        else bound.add(texts[at - 1]!);
      }
    } else if ((text === "function" || text === "catch") && texts[at - 1] !== ".") {
      const open = texts[at + 1] === "(" ? at + 1 : texts[at + 2] === "(" ? at + 2 : undefined;
      if (open !== undefined) bindPattern(tokens, { start: open, end: mates[open] ?? open }, bound);
    } else if (
      text === "(" &&
      texts[(mates[at] ?? at) + 1] === "{" &&
      tokens.kinds[at - 1] === "word" &&
      !/^(?:if|for|while|switch|with)$/.test(texts[at - 1]!)
    )
      // A method: name (parameters) {
      bindPattern(tokens, { start: at, end: mates[at]! }, bound);
    else if ((text === "const" || text === "let" || text === "var") && at > span.start)
      bindVariables(tokens, { start: at, end: span.end }, bound);
  }
  return bound;
}

/** Of `(a): T =>`, where the parameters begin. */
function parametersBefore({ texts, mates, kinds }: Tokens, arrow: number, start: number): number | undefined {
  for (let at = arrow - 1; at > start && arrow - at < 40; at--) {
    if (texts[at] === ":" && texts[at - 1] === ")") return mates[at - 1];
    if (kinds[at] === "mark" && ![".", "<", ">", "[", "]", "|", ","].includes(texts[at]!)) return undefined;
  }
  return undefined;
}

function bindVariables(tokens: Tokens, { start, end }: Span, bound: Set<string>): void {
  const at = start + 1;
  const open = tokens.texts[at];
  if (open === "{" || open === "[") bindPattern(tokens, { start: at, end: (tokens.mates[at] ?? end) + 1 }, bound);
  else if (tokens.kinds[at] === "word") bound.add(open!);
}

/** A word is bound where a pattern can bind one: behind a bracket, a comma, a rename or dots, and before a comma, a bracket, a type or a default. */
function bindPattern({ kinds, texts }: Tokens, { start, end }: Span, bound: Set<string>): void {
  for (let at = start + 1; at < end; at++)
    if (kinds[at] === "word" && isIn("({[,:", texts[at - 1]!, "...") && isIn(",)}]:=?", texts[at + 1]!, "?.")) bound.add(texts[at]!);
}

function isIn(marks: string, text: string, other: string): boolean {
  return text === other || (text.length === 1 && marks.includes(text));
}
