import { posix } from "node:path";
import { type SqlStatement, splitSql } from "../../src/postgres/migrate/split.ts";
import type { Problem, Rule } from "./problem.ts";
import type { Source } from "./source.ts";

const maxFileLines = 400;
const maxFunctionLines = 48;
const makesFunction = /^create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+([\w.]+)/i;
const functions = "src/postgres/functions/";
const migrations = "src/postgres/migrations/";

/** Checks how long an SQL file and its functions are, and that each of Plimsoll's functions has a file of its own, with what is granted of it. */
export function checkSql(path: string, text: string): Problem[] {
  const problems: Problem[] = [];
  const report = (line: number, rule: Rule, message: string) => problems.push({ file: path, line, rule, message });
  const lines = text.split("\n");
  const count = lines.length - (text.endsWith("\n") ? 1 : 0);
  if (count > maxFileLines) report(1, "file-length", `${count} lines, and ${maxFileLines} are allowed. Split it by what changes together.`);
  const statements = splitSql(text);
  for (const statement of statements) {
    const name = makesFunction.exec(statement.text)?.[1];
    if (name === undefined) continue;
    const length = statement.text.split("\n").length;
    if (length > maxFunctionLines)
      report(
        statement.line,
        "function-length",
        `"${name}" has ${length} lines, and ${maxFunctionLines} are allowed. Move a step into a function of its own.`,
      );
    // What columns' defaults call must be there before the tables, and says so.
    const isAllowed = lines[statement.line - 2]?.startsWith("-- tidy-allow: ") ?? false;
    if (path.startsWith(migrations) && !isAllowed)
      report(
        statement.line,
        "sql-function",
        `"${name}" stands in a file that runs once. Give it a file of its own in ${functions}, which runs again when it changes.`,
      );
  }
  if (path.startsWith(functions)) for (const { line, message } of strangersIn(path, statements)) report(line, "sql-function", message);
  return problems;
}

/** What does not belong into the file of one function. */
function strangersIn(path: string, statements: readonly SqlStatement[]): { readonly line: number; readonly message: string }[] {
  const name = `plimsoll.${posix.basename(path, ".sql")}`;
  const expected = [
    new RegExp(`^create or replace function ${name}\\(`),
    new RegExp(`^comment on function ${name} is `),
    new RegExp(`^grant execute on function ${name} to :"app"$`),
  ];
  let from = 0;
  const found: { readonly line: number; readonly message: string }[] = [];
  for (const { line, text } of statements) {
    const at = expected.findIndex((pattern, index) => index >= from && pattern.test(text));
    if (at < 0 || (from === 0 && at > 0))
      found.push({
        line,
        message: `Only "create or replace function ${name}(…)", its comment and its grant to :"app" stand here, in this order.`,
      });
    else from = at + 1;
  }
  if (statements.length === 0)
    found.push({ line: 1, message: `It makes no function. Write "create or replace function ${name}(…)", or delete it.` });
  return found;
}

/** Tests of the store of tasks and schedules itself, and the file by which all others look at its tables. No file is added: it asks that one. */
export const storesOwn: readonly string[] = [
  "test/integration/migrations/functions.test.ts",
  "test/integration/schedules.test.ts",
  "test/tasks/books/task-tables.ts",
  "test/tasks/dead-letters.test.ts",
  "test/tasks/fairness.test.ts",
  "test/tasks/fleet/deploy.test.ts",
  "test/tasks/fleet/newer-schema.test.ts",
  "test/tasks/fleet/poison.test.ts",
  "test/tasks/fleet/upkeep.test.ts",
  "test/tasks/handover.test.ts",
  "test/tasks/leases.test.ts",
  "test/tasks/partitions-property.test.ts",
  "test/tasks/partitions.test.ts",
  "test/tasks/paused-claim.test.ts",
];
const table = /\bplimsoll\.task(?:s|_[a-z]+)\b/;

/** Finds tests that name the tables of the store of tasks: a table that changes would change all of them. A file of the store's own that names none leaves the list. */
export function checkStoreTables({ path, text }: Pick<Source, "path" | "text">): Problem[] {
  if (!path.startsWith("test/") || path.startsWith("test/tidy/")) return [];
  const own = storesOwn.includes(path);
  const named = text.split("\n").flatMap((line, index) => {
    const found = table.exec(line);
    return found === null ? [] : [{ line: index + 1, name: found[0] }];
  });
  if (own && named.length === 0)
    return [{ file: path, line: 1, rule: "store-table", message: "It names no table any more. Delete its line in test/tidy/sql.ts." }];
  if (own) return [];
  return named.map(({ line, name }) => {
    const message = `It names ${name}, a table of the store. Ask test/tasks/books/task-tables.ts.`;
    return { file: path, line, rule: "store-table" as const, message };
  });
}
