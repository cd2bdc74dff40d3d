import type { SqlText } from "./source-file.ts";
import type { Tokens } from "./tokens.ts";

const statement =
  /^\s*(?:select\s[^;]*?(?:\sfrom\s|\()|insert\s+into\s|update\s+[\w."]+\s+(?:(?:as\s+)?\w+\s+)?set\s|delete\s+from\s|merge\s+into\s|with\s+(?:recursive\s+)?\w+\s+as\s|truncate\s|lock\s+table\s|copy\s+[\w."]+\s*(?:\([^)]*\)\s*)?(?:from|to)\s|alter\s+(?:table|type|index)\s|drop\s+(?:table|type|index|view)\s|create\s+(?:or\s+replace\s+)?(?:unique\s+)?(?:table|type|index|view|function|trigger|materialized)\s|refresh\s+materialized\s)/i;
/** Methods of query builders whose first argument is a table. */
const builders = new Set(
  "selectFrom insertInto updateTable deleteFrom mergeInto innerJoin leftJoin rightJoin fullJoin crossJoin withSchema pgSchema dropTable alterTable createTable".split(
    " ",
  ),
);
const tags = new Set(["sql", "sqlFragment"]);

/** Finds SQL: templates with the tag `sql`, texts that begin as a statement does, and tables that a query builder is given. */
export function sqlIn(tokens: Tokens): SqlText[] {
  const { kinds, texts, lines } = tokens;
  const found: SqlText[] = [];
  for (let at = 0; kinds[at] !== "end"; at++) {
    if (kinds[at] === "template") {
      const { text, end } = wholeTemplate(tokens, at);
      if (isTagged(tokens, at) || statement.test(text)) found.push({ text, line: lines[at]! });
      // What stands in it may hold further SQL, so reading continues behind its first piece.
      if (end === at) continue;
    } else if (kinds[at] === "string") {
      if (statement.test(texts[at]!)) found.push({ text: texts[at]!, line: lines[at]! });
      else if (texts[at - 1] === "(" && builders.has(texts[at - 2] ?? ""))
        found.push({ text: tableText(texts[at - 2]!, texts[at]!), line: lines[at]! });
    }
  }
  return found;
}

function tableText(method: string, name: string): string {
  return method === "withSchema" || method === "pgSchema" ? `from ${name}.x` : `from ${name}`;
}

/** Joins the pieces of a template. Only its first piece has no brace of the template in front. */
function wholeTemplate({ kinds, texts, mates }: Tokens, start: number): { readonly text: string; readonly end: number } {
  if (texts[start - 1] === "}" && kinds[start - 1] === "mark" && isPiece({ kinds, texts, mates }, start)) return { text: "", end: start };
  let text = texts[start]!;
  let at = start;
  while (texts[at + 1] === "{" && kinds[at + 1] === "mark" && kinds[(mates[at + 1] ?? at) + 1] === "template") {
    at = mates[at + 1]! + 1;
    text += `$1${texts[at]}`;
  }
  return { text, end: at };
}

/** Whether a template token continues another: the brace behind which it stands was opened behind a template. */
function isPiece({ kinds, mates }: Pick<Tokens, "kinds" | "texts" | "mates">, at: number): boolean {
  const open = mates[at - 1];
  return open !== undefined && kinds[open - 1] === "template";
}

/** Whether the tag of a template is `sql`, `scope.sql`, `sql(Row)` or `sql<Row>`. */
function isTagged({ texts, mates }: Tokens, at: number): boolean {
  let before = at - 1;
  if (texts[before] === ")") before = (mates[before] ?? before) - 1;
  else if (texts[before] === ">")
    for (let depth = 0; before >= 0; before--) {
      if (texts[before] === ">") depth++;
      if (texts[before] === "<" && --depth === 0) {
        before--;
        break;
      }
    }
  return tags.has(texts[before] ?? "");
}
