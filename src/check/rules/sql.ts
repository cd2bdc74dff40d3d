import type { Finding } from "../finding.ts";
import type { ModuleOf } from "../project/modules.ts";
import { shortestImport } from "../project/reach.ts";
import type { SqlText } from "../source/source-file.ts";
import type { Context } from "./context.ts";

/** Schemas of PostgreSQL itself. */
const builtin: ReadonlySet<string> = new Set(["pg_catalog", "information_schema", "pg_temp"]);

/** Finds SQL that names a schema of another module, of plimsoll, or of no module. */
export function checkSql({ project, operations }: Context): readonly Finding[] {
  const schemas = new Set(project.modules.flatMap(({ schemas }) => schemas));
  const of = (path: string, module: ModuleOf, sql: SqlText): readonly Finding[] =>
    foreignIn(sql.text, { own: module.schemas, schemas }).map(({ name, lines }) => ({
      ...{ rule: "foreign-sql", file: path, line: sql.line + lines, who: module.name, what: name, path: [] },
    }));
  const inSources = project.sources.flatMap((file) => {
    const module = project.moduleOf(file.path);
    return module === undefined ? [] : file.sql.flatMap((sql) => of(file.path, module, sql));
  });
  const inMigrations = [...project.migrations].flatMap(([path, text]) => {
    const module = project.moduleOf(path);
    return module === undefined ? [] : of(path, module, { text, line: 1 });
  });
  const inTables = operations.all.flatMap((operation) => {
    const table = operations.property(operation, "table");
    const [schema, name] = table?.property.text?.split(".") ?? [];
    if (operation.module === undefined || table === undefined || name === undefined || operation.module.schemas.includes(schema!))
      return [];
    const what = table.property.text!;
    return [
      { rule: "foreign-sql" as const, file: table.place.file.path, line: table.property.line, who: operation.module.name, what, path: [] },
    ];
  });
  return [...inSources, ...inMigrations, ...inTables, ...throughShared({ project, schemas })];
}

/** Finds modules that import SQL on the schema of another, in a file that belongs to no module. */
function throughShared({
  project,
  schemas,
}: {
  readonly project: Context["project"];
  readonly schemas: ReadonlySet<string>;
}): readonly Finding[] {
  return project.sources.flatMap((file) => {
    const module = project.moduleOf(file.path);
    if (module === undefined) return [];
    const foreign = (path: string | undefined) => {
      const shared =
        path === undefined || project.moduleOf(path) !== undefined ? undefined : project.sources.find((one) => one.path === path);
      return shared?.sql.flatMap(({ text }) => foreignIn(text, { own: module.schemas, schemas }).map(({ name }) => name))[0];
    };
    return shortestImport(project, file, ({ file: to, isType }) => !isType && foreign(to?.path) !== undefined).map((steps) => ({
      ...{ rule: "foreign-sql" as const, file: file.path, line: steps[0]!.line, who: module.name },
      ...{ what: foreign(project.resolve(steps.at(-1)!.file, steps.at(-1)!.name)?.path) ?? "", path: steps },
    }));
  });
}

interface Schemas {
  readonly own: readonly string[];
  readonly schemas: ReadonlySet<string>;
}

/** Finds the first use of each foreign schema in a text of SQL. `lines`: how many lines below its first it stands. */
function foreignIn(text: string, { own, schemas }: Schemas): readonly { readonly name: string; readonly lines: number }[] {
  // What is no code becomes blanks, so that places stay.
  const code = text.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, (found) => found.replaceAll(/[^\n]/g, " "));
  const found = new Map<string, number>();
  for (const match of code.matchAll(/(?<![\w.$"])("?)([A-Za-z_][\w$]*)\1\s*\.\s*("?)([A-Za-z_][\w$]*)\3/g)) {
    const [whole, , written = ""] = match;
    const schema = match[1] === '"' ? written : written.toLowerCase();
    if (own.includes(schema) || builtin.has(schema)) continue;
    const before = code.slice(0, match.index);
    const isKnown = schemas.has(schema) || schema === "plimsoll";
    const isCall = code
      .slice(match.index + whole.length)
      .trimStart()
      .startsWith("(");
    // The functions of plimsoll are there for modules; its tables are its own.
    if (schema === "plimsoll" && isCall && !/(?:into|update|table)\s+$/i.test(before)) continue;
    if (isKnown ? isAlias(code, schema) : !namesTable(before) || isAlias(code, schema)) continue;
    if (!found.has(schema)) found.set(schema, match.index);
  }
  return [...found].map(([name, at]) => ({ name, lines: code.slice(0, at).split("\n").length - 1 }));
}

/** Whether a table stands here, and not a column. */
function namesTable(before: string): boolean {
  return (
    /(?:^|[^\w])(?:join|into|update|references|truncate(?:\s+table)?|lock\s+table|(?:alter|create|drop)\s+table(?:\s+if\s+(?:not\s+)?exists)?|(?<!distinct\s+)from)\s+(?:only\s+)?$/i.test(
      before,
    ) && !/(?:extract|substring|trim|overlay)\s*\([^)]*$/i.test(before)
  );
}

/** Whether a statement gives the name to a table or a part of its own. */
function isAlias(code: string, name: string): boolean {
  const word = name.replaceAll("$", "\\$");
  return new RegExp(
    `(?:\\bas\\s+"?${word}"?(?![\\w.])|\\)\\s*${word}\\b(?!\\s*\\.)|\\b(?:from|join|update|into|using)\\s+(?:only\\s+)?(?:[\\w".]+\\s+)?"?${word}"?(?=\\s|,|$|\\))(?!\\s*\\.)|\\bwith\\s+(?:recursive\\s+)?${word}\\s+as\\b|,\\s*${word}\\s+as\\s*\\()`,
    "i",
  ).test(code);
}
