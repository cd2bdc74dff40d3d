import { statementsOf } from "./statements.ts";

/** A table as the migrations leave it. */
export interface KnownTable {
  readonly name: string;
  /** Column names with their types. */
  readonly columns: Map<string, string>;
  primaryKey: readonly string[];
  readonly references: { readonly columns: readonly string[]; readonly table: string }[];
  /** Columns of each index and of each unique constraint, in their order. */
  readonly indexes: { readonly name: string; readonly columns: readonly string[] }[];
}

/** Reads what the migrations of a project leave: tables with columns, keys and indexes. What SQL computes is not seen. */
export function schemaOf(files: ReadonlyMap<string, string>): ReadonlyMap<string, KnownTable> {
  const tables = new Map<string, KnownTable>();
  for (const sql of files.values()) for (const { text } of statementsOf(sql)) read(text, tables);
  return tables;
}

function read(text: string, tables: Map<string, KnownTable>): void {
  const created = /^create (?:unlogged )?table (?:if not exists )?(?<name>[\w."]+) ?\((?<body>.*)\)/i.exec(text)?.groups;
  if (created !== undefined) {
    const table: KnownTable = { name: plain(created.name!), columns: new Map(), primaryKey: [], references: [], indexes: [] };
    for (const part of split(created.body!)) readPart(part, table);
    tables.set(table.name, table);
    return;
  }
  const altered = /^alter table (?:if exists )?(?:only )?(?<name>[\w."]+) (?<body>.*)$/i.exec(text)?.groups;
  const table = altered === undefined ? undefined : tables.get(plain(altered.name!));
  if (table !== undefined) {
    for (const part of split(altered!.body!)) alter(part, table);
    return;
  }
  const index =
    /^create (?:unique )?index (?:concurrently )?(?:if not exists )?(?<name>[\w"]+) on (?:only )?(?<table>[\w."]+)(?: using \w+)? ?\((?<columns>.*?)\)/i.exec(
      text,
    )?.groups;
  if (index !== undefined) tables.get(plain(index.table!))?.indexes.push({ name: index.name!, columns: namesIn(index.columns!) });
  const dropped = /^drop table (?:if exists )?(?<name>[\w."]+)/i.exec(text)?.groups?.name;
  if (dropped !== undefined) tables.delete(plain(dropped));
}

function alter(part: string, table: KnownTable): void {
  const dropped = /^drop column (?:if exists )?(?<name>[\w"]+)/i.exec(part)?.groups?.name;
  if (dropped !== undefined) table.columns.delete(plain(dropped));
  else if (/^add\b/i.test(part)) readPart(part.replace(/^add (?:column )?(?:if not exists )?/i, ""), table);
}

function readPart(part: string, table: KnownTable): void {
  const text = part.replace(/^constraint [\w"]+ /i, "");
  const key = /^primary key ?\((?<columns>[^)]*)\)/i.exec(text)?.groups?.columns;
  const unique = /^unique ?\((?<columns>[^)]*)\)/i.exec(text)?.groups?.columns;
  const foreign = /^foreign key ?\((?<columns>[^)]*)\) references (?<table>[\w."]+)/i.exec(text)?.groups;
  if (key !== undefined) table.primaryKey = namesIn(key);
  else if (unique !== undefined) table.indexes.push({ name: "unique", columns: namesIn(unique) });
  else if (foreign !== undefined) table.references.push({ columns: namesIn(foreign.columns!), table: plain(foreign.table!) });
  else if (!/^(?:check|exclude|like)\b/i.test(text)) readColumn(text, table);
}

function readColumn(text: string, table: KnownTable): void {
  const found =
    /^(?<name>[\w"]+) (?<type>[a-z][\w ]*?(?:\([^)]*\))?(?:\[\])?)(?: (?:not|null|default|primary|unique|check|references|generated|collate|constraint)\b.*)?$/i.exec(
      text,
    )?.groups;
  if (found === undefined) return;
  const name = plain(found.name!);
  table.columns.set(name, found.type!.trim());
  if (/ primary key\b/i.test(text)) table.primaryKey = [name];
  if (/ unique\b/i.test(text)) table.indexes.push({ name: "unique", columns: [name] });
  const target = / references (?<table>[\w."]+)/i.exec(text)?.groups?.table;
  if (target !== undefined) table.references.push({ columns: [name], table: plain(target) });
}

function plain(name: string): string {
  return name.replaceAll('"', "").toLowerCase();
}

function namesIn(text: string): readonly string[] {
  return split(text).map((one) => plain(one.replace(/ (?:asc|desc|nulls).*$/i, "").trim()));
}

/** Cuts at the commas that stand in no parentheses. */
function split(text: string): readonly string[] {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at <= text.length; at++) {
    const letter = text[at];
    if (letter === "(") depth++;
    else if (letter === ")") depth--;
    else if (letter === undefined || (letter === "," && depth === 0)) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parts.filter((part) => part !== "");
}

/** Writes tables as a diagram of Mermaid. */
export function diagramOf(tables: ReadonlyMap<string, KnownTable>): string {
  const named = (name: string): string => name.replaceAll(/\W/g, "_");
  const lines = [...tables.values()].flatMap(({ name, columns, primaryKey, references }) => {
    const foreign = new Set(references.flatMap((one) => one.columns));
    return [
      `  ${named(name)} {`,
      ...[...columns].map(([column, type]) => {
        const marks = [...(primaryKey.includes(column) ? ["PK"] : []), ...(foreign.has(column) ? ["FK"] : [])].join(", ");
        return `    ${type.replaceAll(/\W+/g, "_").replace(/_$/, "")} ${column}${marks === "" ? "" : ` ${marks}`}`;
      }),
      "  }",
      ...references
        .filter(({ table }) => tables.has(table))
        .map(({ table, columns: by }) => `  ${named(table)} ||--o{ ${named(name)} : "${by.at(-1)}"`),
    ];
  });
  return ["erDiagram", ...lines].join("\n");
}
