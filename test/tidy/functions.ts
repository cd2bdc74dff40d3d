import type { Token } from "./tokens.ts";

/** A function, method or arrow, or the type of one. */
export interface FunctionShape {
  /** Empty where it has none. */
  readonly name: string;
  readonly line: number;
  /** Lines from its head to its closing brace; 1 where it has no body in braces. */
  readonly lines: number;
  readonly parameters: readonly (readonly Token[])[];
  /** The function to which it is passed, as in `describe("…", () => { … })`. */
  readonly passedTo: string;
}

const notMethods = new Set("if for while switch catch with return typeof await void new in of case super import".split(" "));
const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "<": ">" };

/** Finds everything with a parameter list and a body or an arrow after it. Overloads and signatures without a body are left out. */
export function readFunctions(tokens: readonly Token[]): FunctionShape[] {
  const found: FunctionShape[] = [];
  const calls: string[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "mark") continue;
    if (token.text === ")") calls.pop();
    if (token.text !== "(") continue;
    const shape = readFunction(tokens, at, calls.at(-1) ?? "");
    if (shape) found.push(shape);
    calls.push(tokens[at - 1]?.kind === "word" ? tokens[at - 1]!.text : "");
  }
  return found;
}

function readFunction(tokens: readonly Token[], open: number, passedTo: string): FunctionShape | undefined {
  const close = matching(tokens, open);
  if (close === undefined) return undefined;
  const head = headOf(tokens, open);
  const after = afterReturnType(tokens, close + 1, head.ternary);
  if (after === undefined) return undefined;
  const arrow = tokens[after]?.text === "=>";
  const body = arrow ? after + 1 : after;
  const block = tokens[body]?.text === "{";
  if (!arrow && !(block && head.callable)) return undefined;
  const end = block ? (matching(tokens, body) ?? body) : body;
  const line = tokens[open]!.line;
  const lines = block ? tokens[end]!.line - line + 1 : 1;
  return { name: arrow ? "" : head.name, line, lines, parameters: split(tokens.slice(open + 1, close)), passedTo };
}

/** What stands before a parameter list: whether it can be the head of a function, and the name. */
function headOf(tokens: readonly Token[], open: number): { readonly name: string; readonly callable: boolean; readonly ternary: boolean } {
  let at = open - 1;
  if (tokens[at]?.text === ">") at = openingAngle(tokens, at) - 1;
  const before = tokens[at];
  const name = before?.kind === "word" || before?.kind === "string" ? before.text : "";
  const callable = name === "" ? before?.text === "]" || before?.text === "*" : before?.kind === "string" || !notMethods.has(name);
  // In `c ? f(a) : {…}` and `case f(a): {…}` a colon follows that opens no return type.
  const ternary = ["?", "case"].includes(tokens[at - 1]?.text ?? "") || tokens[at - 1]?.text === ".";
  return { name: name === "function" ? "" : name, callable, ternary };
}

function openingAngle(tokens: readonly Token[], close: number): number {
  let depth = 0;
  for (let at = close; at >= 0; at--) {
    if (tokens[at]!.text === ">") depth++;
    if (tokens[at]!.text === "<" && --depth === 0) return at;
    if (tokens[at]!.text === ";") break;
  }
  return close;
}

/** The place of the body or the arrow: at once, or behind a return type. */
function afterReturnType(tokens: readonly Token[], start: number, ternary: boolean): number | undefined {
  if (tokens[start]?.text !== ":") return start;
  if (ternary) return undefined;
  let operandExpected = true;
  for (let at = start + 1; at < tokens.length; at++) {
    const { text, kind } = tokens[at]!;
    if (kind === "mark" && text === "=>") {
      // After a parameter list it is the arrow of a function type, else the one that is looked for.
      if (tokens[at - 1]!.text !== ")") return at;
      operandExpected = true;
    } else if (kind === "mark" && text in closing) {
      if (text === "{" && !operandExpected) return at;
      const end = matching(tokens, at);
      if (end === undefined) return undefined;
      at = end;
      operandExpected = false;
    } else if (kind === "mark" && [";", ",", ")", "]", "}", "=", "?"].includes(text)) return undefined;
    else
      operandExpected =
        (kind === "mark" && ["|", "&"].includes(text)) || ["is", "keyof", "extends", "readonly", "asserts", "typeof"].includes(text);
  }
  return undefined;
}

/** The mark that closes the one at `open`. */
function matching(tokens: readonly Token[], open: number): number | undefined {
  const opening = tokens[open]!.text;
  const end = closing[opening]!;
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind !== "mark") continue;
    if (text === opening) depth++;
    else if (text === end && --depth === 0) return at;
  }
  return undefined;
}

/** Splits a parameter list at its own commas. */
function split(list: readonly Token[]): Token[][] {
  const parameters: Token[][] = [[]];
  let depth = 0;
  for (const token of list) {
    if (token.kind === "mark" && token.text in closing) depth++;
    else if (token.kind === "mark" && [")", "]", "}", ">"].includes(token.text)) depth--;
    if (depth === 0 && token.kind === "mark" && token.text === ",") parameters.push([]);
    else parameters.at(-1)!.push(token);
  }
  return parameters.filter((parameter) => parameter.length > 0 && parameter[0]!.text !== "this");
}
