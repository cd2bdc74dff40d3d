/** A column as a document states it in SQL. */
export interface StatedColumn {
  readonly name: string;
  /** In lower case with its bounds, as in `numeric(12,2)`; `enum` where the values are listed. */
  readonly type: string;
  readonly isRequired: boolean;
  /** The table that it names a row of. */
  readonly references?: string;
  /** The only values, of an `enum` or a check. */
  readonly values?: readonly string[];
  /** Bounds of its value by a check, both included. */
  readonly least?: number;
  readonly most?: number;
}

/** A table that a document states in SQL. */
export interface StatedTable {
  /** Without its schema and quotes. */
  readonly name: string;
  /** Where its name begins in the text. */
  readonly at: number;
  readonly columns: readonly StatedColumn[];
  /** Columns that together are once in a table, without the primary key. */
  readonly uniques: readonly (readonly string[])[];
}

const most = { columns: 60, values: 40 };

/** Reads the tables that a text of SQL creates, of PostgreSQL and of MySQL. What cannot be read is left out. */
export function readSqlTables(sql: string): readonly StatedTable[] {
  const text = withoutComments(sql);
  const enums = enumTypes(text);
  const tables = [...text.matchAll(/\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?(?<name>[\w."`]+)\s*\(/gi)].map((match) => {
    const body = bodyFrom(text, match.index + match[0].length);
    const draft: Draft = { columns: [], uniques: [], primary: [] };
    for (const part of partsOf(body)) readPart(part, draft, enums);
    const name = match.groups!.name!;
    return { name: plainName(name), at: match.index + match[0].indexOf(name), draft };
  });
  const indexes = text.matchAll(
    /\bcreate\s+unique\s+index\s+(?:[\w"`]+\s+)?on\s+(?<table>[\w."`]+)\s*\((?<columns>[^()]*)\)\s*(?<rest>[^;]*)/gi,
  );
  for (const { groups } of indexes)
    if (!/\bwhere\b/i.test(groups!.rest!))
      tables.find(({ name }) => name === plainName(groups!.table!))?.draft.uniques.push(namesOf(groups!.columns!));
  return tables.map(({ name, at, draft }) => ({
    ...{ name, at },
    columns: draft.columns
      .slice(0, most.columns)
      .map(({ name: own, ...rest }) => ({ name: own, ...rest, isRequired: rest.isRequired || draft.primary.includes(own) })),
    uniques: draft.uniques.filter((columns) => columns.length > 0 && columns.join() !== draft.primary.join()),
  }));
}

interface Draft {
  readonly columns: StatedColumn[];
  readonly uniques: (readonly string[])[];
  primary: readonly string[];
}

/** Comments become spaces, so that places stay. */
function withoutComments(sql: string): string {
  return sql.replaceAll(/'(?:[^'\n]|'')*'|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith("'") ? found : " ".repeat(found.length),
  );
}

function enumTypes(text: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...text.matchAll(/\bcreate\s+type\s+(?<name>[\w."]+)\s+as\s+enum\s*\((?<values>[^)]*)\)/gi)].map(({ groups }) => [
      plainName(groups!.name!),
      valuesOf(groups!.values!),
    ]),
  );
}

function bodyFrom(text: string, start: number): string {
  let depth = 1;
  for (const { 0: sign, index } of text.slice(start).matchAll(/'(?:[^']|'')*'|[()]/g)) {
    if (sign === "(") depth++;
    else if (sign === ")") depth--;
    if (depth === 0) return text.slice(start, start + index);
  }
  return text.slice(start);
}

/** Cuts at the commas that stand in no parentheses and in no string. */
function partsOf(body: string): readonly string[] {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (const { 0: sign, index } of body.matchAll(/'(?:[^']|'')*'|[(),]/g)) {
    if (sign === "(") depth++;
    else if (sign === ")") depth--;
    else if (sign === "," && depth === 0) {
      parts.push(body.slice(from, index));
      from = index + 1;
    }
  }
  return [...parts, body.slice(from)].map((part) => part.replaceAll(/\s+/g, " ").trim()).filter((part) => part !== "");
}

function readPart(part: string, draft: Draft, enums: ReadonlyMap<string, readonly string[]>): void {
  const text = part.replace(/^constraint [\w"`]+ /i, "");
  const primary = /^primary key\b[^(]*\((?<columns>[^)]*)\)/i.exec(text)?.groups?.columns;
  const unique = /^unique\b[^(]*\((?<columns>[^)]*)\)/i.exec(text)?.groups?.columns;
  const foreign = /^foreign key\b[^(]*\((?<column>[\w"`]+)\) references (?<table>[\w."`]+)/i.exec(text)?.groups;
  if (primary !== undefined) draft.primary = namesOf(primary);
  else if (unique !== undefined) draft.uniques.push(namesOf(unique));
  else if (foreign !== undefined) change(draft, plainName(foreign.column!), { references: plainName(foreign.table!) });
  else if (/^check\b/i.test(text)) {
    for (const column of draft.columns) change(draft, column.name, checksOf(text, column));
  } else if (!/^(?:foreign|key|index|fulltext|exclude|like|partition)\b/i.test(text)) readColumn(text, draft, enums);
}

function change({ columns }: Draft, name: string, more: Partial<StatedColumn>): void {
  const at = columns.findIndex((column) => column.name === name);
  if (at !== -1) columns[at] = { ...columns[at]!, ...more };
}

const typeText =
  /^[`"]?(?<name>[a-z_]\w*)[`"]? (?<type>(?:double precision|character varying|timestamp with(?:out)? time zone|time with(?:out)? time zone|[a-z_][\w.]*))(?<bounds> ?\([^)]*\))?(?<list>(?: ?\[\d*\])*)(?<rest>.*)$/i;

function readColumn(text: string, draft: Draft, enums: ReadonlyMap<string, readonly string[]>): void {
  const found = typeText.exec(text)?.groups;
  if (found === undefined) return;
  const { type, bounds = "", list, rest = "" } = found;
  const name = found.name!.toLowerCase();
  const plain = plainName(type!);
  const listed = enums.get(plain) ?? (plain === "enum" ? valuesOf(bounds) : undefined);
  const isPrimary = /\bprimary key\b/i.test(rest);
  if (isPrimary) draft.primary = [name];
  if (/\bunique\b/i.test(rest)) draft.uniques.push([name]);
  const references = /\breferences (?<table>[\w."`]+)/i.exec(rest)?.groups?.table;
  const written = listed === undefined ? `${plain}${bounds.replaceAll(" ", "").toLowerCase()}${list === "" ? "" : "[]"}` : "enum";
  draft.columns.push({
    name,
    type: written,
    isRequired: isPrimary || /\bnot null\b/i.test(rest),
    ...(references !== undefined && { references: plainName(references) }),
    ...(listed !== undefined && { values: listed }),
    ...checksOf(/\bcheck\b.*/i.exec(rest)?.[0] ?? "", { name, type: written }),
  });
}

/** What a check says of one column alone: listed values, and bounds. */
function checksOf(check: string, { name, type }: Pick<StatedColumn, "name" | "type">): Partial<StatedColumn> {
  if (check === "" || /\bor\b/i.test(check)) return {};
  const column = `(?<![\\w.])["\`]?${name}["\`]?`;
  const listed = new RegExp(`${column} (?:in|= any) ?\\((?<values>[^)]*)\\)`, "i").exec(check)?.groups?.values;
  const between = new RegExp(`${column} between (?<least>-?[\\d.]+) and (?<most>-?[\\d.]+)`, "i").exec(check)?.groups;
  const bound = (signs: string): { readonly sign: string; readonly value: number } | undefined => {
    const match = new RegExp(`${column} ?(?<sign>${signs}) ?(?<value>-?\\d+(?:\\.\\d+)?)`, "i").exec(check)?.groups;
    return match === undefined ? undefined : { sign: match.sign!, value: Number(match.value) };
  };
  const [low, high] = [bound(">=?"), bound("<=?")];
  const digits = Number(/,(\d+)\)/.exec(type)?.[1] ?? 0);
  const step = /^(?:real|float|double)/.test(type) ? 0 : 10 ** -digits;
  const least = between === undefined ? low && low.value + (low.sign === ">" ? step : 0) : Number(between.least);
  const greatest = between === undefined ? high && high.value - (high.sign === "<" ? step : 0) : Number(between.most);
  const values = listed === undefined ? [] : valuesOf(listed);
  return {
    ...(values.length > 0 && { values }),
    ...(least !== undefined && { least }),
    ...(greatest !== undefined && { most: greatest }),
  };
}

function valuesOf(text: string): readonly string[] {
  return [...text.matchAll(/'((?:[^']|'')*)'/g)].map(([, value]) => value!.replaceAll("''", "'")).slice(0, most.values);
}

function namesOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((one) => plainName(one.trim().replace(/[ (].*$/, "")))
    .filter((name) => /^[a-z_]\w*$/.test(name));
}

function plainName(name: string): string {
  return name.replaceAll(/[`"]/g, "").split(".").at(-1)!.toLowerCase();
}
