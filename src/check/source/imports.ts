import type { ImportedName, ImportLine } from "./source-file.ts";
import type { Tokens } from "./tokens.ts";

/** Reads the import or the export from another file that begins at a token; `undefined` where none does. Returns the index behind it. */
export function readImport(tokens: Tokens, start: number): { readonly line: ImportLine; readonly end: number } | undefined {
  const { texts, kinds, lines } = tokens;
  const form = texts[start] === "export" ? "export" : "import";
  let at = start + 1;
  const isType = texts[at] === "type" && texts[at + 1] !== "," && texts[at + 1] !== "from";
  if (isType) at++;
  if (form === "import" && kinds[at] === "string")
    return { line: { specifier: texts[at]!, line: lines[start]!, names: [], isType: false, form }, end: at + 1 };
  const names: ImportedName[] = [];
  for (; kinds[at] !== "end"; at++) {
    const text = texts[at]!;
    if (text === "from" && kinds[at + 1] === "string") {
      const all = isType || (names.length > 0 && names.every((name) => name.isType));
      return { line: { specifier: texts[at + 1]!, line: lines[start]!, names, isType: all, form }, end: at + 2 };
    }
    if (text === "{") {
      names.push(...readNames(tokens, at, isType));
      at = tokens.mates[at] ?? at;
    } else if (text === "*") {
      const renamed = texts[at + 1] === "as";
      names.push({ local: renamed ? texts[at + 2]! : "*", imported: "*", isType });
      if (renamed) at += 2;
    } else if (kinds[at] === "word" && form === "import") names.push({ local: text, imported: "default", isType });
    else if (text !== ",") return undefined;
  }
  return undefined;
}

/** Reads `{ a, type b, c as d }`. Of an export, `local` is the name inside and `imported` too; see {@link readExports}. */
function readNames({ texts, mates }: Tokens, open: number, isType: boolean): ImportedName[] {
  const names: ImportedName[] = [];
  const end = mates[open] ?? open;
  for (let at = open + 1; at < end; ) {
    const typed = texts[at] === "type" && texts[at + 1] !== "," && texts[at + 1] !== "}" && texts[at + 1] !== "as";
    if (typed) at++;
    const imported = texts[at]!;
    const local = texts[at + 1] === "as" ? texts[at + 2]! : imported;
    names.push({ local, imported, isType: isType || typed });
    while (at < end && texts[at] !== ",") at++;
    at++;
  }
  return names;
}

/** Reads `export { a, b as c }` without a file: the names outside, with those inside. */
export function readExports(tokens: Tokens, open: number): readonly (readonly [outside: string, inside: string])[] {
  return readNames(tokens, open, false).map(({ local, imported }) => [local, imported]);
}
