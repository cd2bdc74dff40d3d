import { boundIn, referencesIn, type Span } from "./references.ts";
import type { Declaration, Property, Reference } from "./source-file.ts";
import type { Tokens } from "./tokens.ts";

/** Reads one top-level statement: what it declares, which function makes it, and what it names. */
export function readDeclaration(tokens: Tokens, span: Span): Declaration {
  const { texts, lines } = tokens;
  const { names, body } = namesOf(tokens, span);
  const bound = boundIn(tokens, { start: body, end: span.end });
  const call = callAt(tokens, { start: body, end: span.end });
  const isErased = /^(?:interface|type|declare)$/.test(texts[texts[span.start] === "export" ? span.start + 1 : span.start]!);
  const whole = { start: body, end: span.end };
  const { first, properties } = call === undefined ? { first: undefined, properties: new Map() } : argumentsOf(tokens, { call, bound });
  return {
    names,
    line: lines[span.start]!,
    callee: call?.callee,
    label: first !== undefined && tokens.kinds[first] === "string" ? texts[first] : undefined,
    subject: first !== undefined && tokens.kinds[first] === "word" ? memberAt(tokens, first) : undefined,
    references: isErased ? [] : referencesIn(tokens, whole, bound),
    properties,
    commits: isErased ? [] : commitsIn(tokens, { span: whole, bound }),
  };
}

interface Named {
  readonly names: readonly string[];
  /** Where what it is begins. */
  readonly body: number;
}

function namesOf({ texts, kinds, mates }: Tokens, { start, end }: Span): Named {
  let at = start;
  while (["export", "default", "declare", "async", "abstract"].includes(texts[at]!) && at < end) at++;
  const keyword = texts[at]!;
  if (!["const", "let", "var", "function", "class", "interface", "type", "enum", "namespace"].includes(keyword))
    return { names: texts[start] === "export" ? ["default"] : [], body: at };
  at++;
  if (texts[at] === "*") at++;
  const names: string[] = [];
  if (texts[at] === "{" || texts[at] === "[") {
    const close = mates[at] ?? at;
    for (let inner = at + 1; inner < close; inner++)
      if (kinds[inner] === "word" && /^[,}\]=]$/.test(texts[inner + 1]!) && /^(?:[{,[:]|\.\.\.)$/.test(texts[inner - 1]!))
        names.push(texts[inner]!);
    at = close + 1;
  } else if (kinds[at] === "word") names.push(texts[at++]!);
  if (keyword !== "const" && keyword !== "let" && keyword !== "var") return { names, body: at };
  // Behind the type, which may hold arrows and braces.
  while (at < end && texts[at] !== "=") at = (mates[at] ?? 0) > at ? mates[at]! + 1 : at + 1;
  return { names, body: Math.min(at + 1, end) };
}

interface Call {
  readonly callee: Reference;
  /** The bracket in front of the arguments. */
  readonly open: number;
}

/** Finds the call that a value is: `callee(…)`, `callee<T>(…)`, `a.callee(…)`. */
function callAt(tokens: Tokens, { start, end }: Span): Call | undefined {
  const { texts, kinds } = tokens;
  let at = texts[start] === "await" ? start + 1 : start;
  if (kinds[at] !== "word") return undefined;
  const callee = memberAt(tokens, at);
  at += callee.member === undefined ? 1 : 3;
  if (texts[at] === "<") at = behindTypes(tokens, { start: at, end });
  return texts[at] === "(" ? { callee, open: at } : undefined;
}

function behindTypes({ texts, mates }: Tokens, { start, end }: Span): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    if (texts[at] === "<") depth++;
    if (texts[at] === ">" && --depth === 0) return at + 1;
    const partner = mates[at];
    if (partner !== undefined && partner > at) at = partner;
  }
  return end;
}

function memberAt({ texts, lines }: Tokens, at: number): Reference {
  return { name: texts[at]!, member: texts[at + 1] === "." ? texts[at + 2] : undefined, line: lines[at]! };
}

interface Reading {
  readonly call: Call;
  readonly bound: ReadonlySet<string>;
}

/** Reads the first argument, and the properties of the object among the arguments, also of objects that are spread into it. */
function argumentsOf(
  tokens: Tokens,
  { call, bound }: Reading,
): { readonly first: number; readonly properties: ReadonlyMap<string, Property> } {
  const { texts, mates } = tokens;
  const properties = new Map<string, Property>();
  const end = mates[call.open] ?? call.open;
  for (let at = call.open + 1; at < end; at++) {
    if (texts[at] === "{" && /^[(,]$/.test(texts[at - 1]!)) readProperties(tokens, { open: at, bound, into: properties });
    const partner = mates[at];
    if (partner !== undefined && partner > at) at = partner;
  }
  return { first: call.open + 1, properties };
}

interface ReadingObject {
  readonly open: number;
  readonly bound: ReadonlySet<string>;
  readonly into: Map<string, Property>;
}

function readProperties(tokens: Tokens, { open, bound, into }: ReadingObject): void {
  const { texts, kinds, lines, mates } = tokens;
  const close = mates[open] ?? open;
  for (let at = open + 1; at < close; ) {
    let end = at;
    while (end < close && texts[end] !== ",") end = (mates[end] ?? 0) > end ? mates[end]! + 1 : end + 1;
    if (texts[at] === "..." && texts[at + 1] === "{") readProperties(tokens, { open: at + 1, bound, into });
    else if (texts[at] !== "...") {
      const key = at + (/^(?:async|get|\*)$/.test(texts[at]!) && kinds[at + 1] === "word" ? 1 : 0);
      // A shorthand is its own value, and so is the body of a method.
      const start = texts[key + 1] === ":" ? key + 2 : key;
      const value = { start: texts[key + 1] === "(" ? key + 1 : start, end };
      const text = texts.slice(value.start, end).find((_, index) => kinds[value.start + index] === "string");
      into.set(texts[key]!, { line: lines[key]!, references: referencesIn(tokens, value, bound), text });
    }
    at = end + 1;
  }
}

/** What is named inside of the functions that are passed to `commit(…)`: they run in a transaction. */
function commitsIn(tokens: Tokens, { span, bound }: { readonly span: Span; readonly bound: ReadonlySet<string> }): Reference[] {
  const { texts, mates } = tokens;
  const found: Reference[] = [];
  for (let at = span.start; at < span.end; at++)
    if (texts[at] === "commit" && texts[at + 1] === "(")
      found.push(...referencesIn(tokens, { start: at + 2, end: mates[at + 1] ?? at + 2 }, bound));
  return found;
}
