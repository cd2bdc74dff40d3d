import { readDeclaration } from "./declaration.ts";
import { readExports, readImport } from "./imports.ts";
import { keysIn, secretsIn } from "./secrets.ts";
import type { Declaration, ImportLine, SourceFile } from "./source-file.ts";
import { sqlIn } from "./sql-texts.ts";
import { type Tokens, tokenize } from "./tokens.ts";

const begins = new Set(
  "import export const let var function async class interface type enum namespace declare abstract if for while try switch await return throw".split(
    " ",
  ),
);

/** Reads of a file what the rules ask; its tokens are forgotten. */
export function readSource(path: string, text: string): SourceFile {
  const tokens = tokenize(text);
  const imports: ImportLine[] = [];
  const declarations: Declaration[] = [];
  const exports = new Map<string, string>();
  for (let at = 0; tokens.kinds[at] !== "end"; ) {
    const first = tokens.texts[at];
    const imported = first === "import" || first === "export" ? readImport(tokens, at) : undefined;
    if (imported !== undefined) {
      imports.push(imported.line);
      at = imported.end;
    } else if (first === "export" && tokens.texts[at + 1] === "{") {
      for (const [outside, inside] of readExports(tokens, at + 1)) exports.set(outside, inside);
      at = (tokens.mates[at + 1] ?? at) + 1;
    } else if (first === ";") at++;
    else {
      const span = { start: at, end: endOf(tokens, at) };
      const declaration = readDeclaration(tokens, span);
      declarations.push(declaration);
      if (first === "export") for (const name of declaration.names) exports.set(name, name);
      if (first === "export" && tokens.texts[at + 1] === "default") exports.set("default", declaration.names[0] ?? "default");
      at = span.end;
    }
  }
  imports.push(...dynamicImports(tokens));
  return { path, imports, declarations, exports, sql: sqlIn(tokens), secrets: secretsIn(tokens), keys: keysIn(tokens) };
}

/** Where the statement ends that begins at a token: behind its semicolon, or before a line that begins another. */
function endOf({ texts, lines, kinds, mates }: Tokens, start: number): number {
  for (let at = start; kinds[at] !== "end"; at++) {
    const text = texts[at]!;
    if (text === ";") return at + 1;
    const partner = mates[at];
    if (partner !== undefined && partner > at) at = partner;
    const next = at + 1;
    const isNew = lines[next]! > lines[at]! && begins.has(texts[next]!) && !continues(texts[at]!);
    if (
      isNew &&
      !(
        kinds[next] === "word" &&
        (texts[next + 1] === ":" ||
          (texts[next + 1] === "(" && texts[next] !== "if" && texts[next] !== "for" && texts[next] !== "while" && texts[next] !== "switch"))
      )
    )
      return next;
    if (text === "}" || (partner !== undefined && texts[at] === "}" && texts[start] !== "const")) {
      // The body of a function or a class ends what has no semicolon.
      if (
        /^(?:export|function|class|interface|async|abstract|if|for|while|try|namespace|enum)$/.test(texts[start]!) &&
        isBody(texts, start, at)
      )
        return next;
    }
  }
  return texts.length - 1;
}

function continues(text: string): boolean {
  return /^(?:=|=>|,|\(|\[|\{|\.|\?\.|\?|:|&&|\|\||\?\?|[-+*/%&|^<>]|===?|!==?)$/.test(text);
}

/** Whether the brace at a token ends the declaration: what is not a variable ends with it. */
function isBody(texts: readonly string[], start: number, end: number): boolean {
  let at = start;
  while (["export", "async", "abstract", "declare", "default"].includes(texts[at]!)) at++;
  if (["const", "let", "var", "type"].includes(texts[at]!)) return false;
  // "if (…) {…} else" and "try {…} catch" continue.
  return !["else", "catch", "finally", "while"].includes(texts[end + 1] ?? "") && texts[end + 1] !== "(" && texts[end] === "}";
}

function dynamicImports({ texts, kinds, lines }: Tokens): ImportLine[] {
  return texts.flatMap((text, at) =>
    text === "import" && kinds[at] === "word" && texts[at + 1] === "(" && kinds[at + 2] === "string" && texts[at - 1] !== "."
      ? [{ specifier: texts[at + 2]!, line: lines[at]!, names: [], isType: isTypeImport(texts, at), form: "dynamic" as const }]
      : [],
  );
}

/** `import("./a.ts").A` where a type stands: not awaited, and a name of it is taken at once. */
function isTypeImport(texts: readonly string[], at: number): boolean {
  const end = at + 3;
  return (
    texts[at - 1] !== "await" && texts[end] === ")" && texts[end + 1] === "." && !/^(?:then|catch|finally)$/.test(texts[end + 2] ?? "")
  );
}
