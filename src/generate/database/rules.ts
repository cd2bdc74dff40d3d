/** What a rule is asked about a statement. */
export interface LintContext {
  /** Tables that the same file creates: they have no rows, and no other session knows them. */
  readonly isNew: (table: string) => boolean;
  /** The file runs outside a transaction. */
  readonly isAlone: boolean;
  /** Constraints that the same file or an earlier one added as `not valid` and validated. */
  readonly hasCheck: (table: string) => boolean;
  /** The same file adds a constraint of this name. */
  readonly addsHere: (constraint: string) => boolean;
}

/** A rule about what a migration locks or loses. */
export interface LintRule {
  readonly name: LintRuleName;
  /** Where it is written. */
  readonly source: string;
  /** Whether a statement breaks it. */
  breaks(text: string, context: LintContext): boolean;
}

/** The names of the rules. */
export type LintRuleName =
  | "index-locks-writes"
  | "index-drop-locks"
  | "concurrently-in-transaction"
  | "column-needs-values"
  | "default-rewrites"
  | "generated-rewrites"
  | "type-rewrites"
  | "not-null-scans"
  | "check-scans"
  | "foreign-key-scans"
  | "validates-under-lock"
  | "unique-locks"
  | "column-lost"
  | "table-lost"
  | "rows-lost"
  | "cascade-loses"
  | "every-row-written"
  | "rename-breaks"
  | "whole-table-locked"
  | "own-transaction"
  | "zone-lost"
  | "numbers-run-out"
  | "row-security-off";

const manual = (page: string): string => `PostgreSQL manual, ${page}`;
const alter = manual("ALTER TABLE");

/** The table that a statement changes, without quotes. */
export function tableOf(text: string): string {
  const name =
    /^(?:alter table|truncate(?: table)?|update|delete from|lock(?: table)?)\s+(?:if exists\s+)?(?:only\s+)?(?<name>[\w."]+)/i.exec(text)
      ?.groups?.name ??
    /^create (?:unique )?index\b[^(]*?\son\s+(?:only\s+)?(?<name>[\w."]+)/i.exec(text)?.groups?.name ??
    /^create (?:unlogged )?table\s+(?:if not exists\s+)?(?<name>[\w."]+)/i.exec(text)?.groups?.name;
  return (name ?? "").replaceAll('"', "").toLowerCase();
}

const rule = (name: LintRuleName, source: string, breaks: LintRule["breaks"]): LintRule => ({ name, source, breaks });
/** A rule about tables that have rows. */
const onOld = (name: LintRuleName, source: string, pattern: RegExp): LintRule =>
  rule(name, source, (text, context) => pattern.test(text) && !context.isNew(tableOf(text)));

/** An `alter table` may have several parts: those that begin with certain words. */
function partsOf(text: string, begin: RegExp): readonly string[] {
  const body = text.replace(/^alter table\s+(?:if exists\s+)?(?:only\s+)?[\w."]+\s+/i, "");
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at <= body.length; at++) {
    const letter = body[at];
    if (letter === "(") depth++;
    else if (letter === ")") depth--;
    else if ((letter === "," && depth === 0) || letter === undefined) {
      parts.push(body.slice(from, at).trim());
      from = at + 1;
    }
  }
  return /^alter table/i.test(text) ? parts.filter((part) => begin.test(part)) : [];
}
interface PartTest {
  readonly begin: RegExp;
  readonly isWrong: (part: string, context: LintContext & { readonly table: string }) => boolean;
}
const onPart = (name: LintRuleName, source: string, { begin, isWrong }: PartTest): LintRule =>
  rule(name, source, (text, context) => {
    const table = tableOf(text);
    return !context.isNew(table) && partsOf(text, begin).some((part) => isWrong(part, { ...context, table }));
  });

const addColumn = /^add (?:column )?(?!constraint\b|check\b|foreign\b|unique\b|primary\b|exclude\b)/i;

/** Every rule. */
export const lintRules: readonly LintRule[] = [
  onOld("index-locks-writes", manual("CREATE INDEX, Building Indexes Concurrently"), /^create (?:unique )?index (?!concurrently)/i),
  onOld("index-drop-locks", manual("DROP INDEX, CONCURRENTLY"), /^drop index (?!concurrently)/i),
  rule(
    "concurrently-in-transaction",
    manual("CREATE INDEX, Building Indexes Concurrently"),
    (text, { isAlone }) =>
      !isAlone &&
      /^(?:create (?:unique )?index|drop index|reindex \w+|reindex|refresh materialized view|alter table .* detach partition .*) ?(?:\([^)]*\) )?concurrently\b/i.test(
        text,
      ),
  ),
  onPart("column-needs-values", alter, {
    begin: addColumn,
    isWrong: (part) => /\bnot null\b/i.test(part) && !/\bdefault\b|\bgenerated\b|\b(?:small|big)?serial\b/i.test(part),
  }),
  onPart("default-rewrites", `${alter}, Notes`, {
    begin: addColumn,
    isWrong: (part) =>
      /\bdefault\s+\(?(?:[\w.]*\.)?(?:random|gen_random_uuid|uuid_generate_v\d\w*|uuidv[47]|clock_timestamp|timeofday|nextval)\s*\(|\b(?:small|big)?serial\b/i.test(
        part,
      ),
  }),
  onPart("generated-rewrites", `${alter}, Notes`, {
    begin: addColumn,
    isWrong: (part) => /\bgenerated always as \(.*\) stored\b/i.test(part),
  }),
  onPart("type-rewrites", `${alter}, SET DATA TYPE`, {
    begin: /^alter (?:column )?(?!column\b)[\w"]+ (?:set data )?type\b/i,
    isWrong: (part) => !/\btype (?:text|varchar|character varying)\s*$/i.test(part),
  }),
  onPart("not-null-scans", `${alter}, SET NOT NULL`, {
    begin: /^alter (?:column )?[\w"]+ set not null/i,
    isWrong: (_, { hasCheck, table }) => !hasCheck(table),
  }),
  onPart("check-scans", `${alter}, ADD table_constraint NOT VALID`, {
    begin: /^add (?:constraint [\w"]+ )?check\b/i,
    isWrong: (part) => !/\bnot valid\s*$/i.test(part),
  }),
  onPart("foreign-key-scans", `${alter}, ADD table_constraint NOT VALID`, {
    begin: /^add (?:(?:constraint [\w"]+ )?foreign key\b|column .*\breferences\b)/i,
    isWrong: (part) => (/^add column/i.test(part) ? false : !/\bnot valid\s*$/i.test(part)),
  }),
  rule(
    "validates-under-lock",
    `${alter}, VALIDATE CONSTRAINT; Explicit Locking: a lock is held until the transaction ends`,
    (text, { isAlone, addsHere }) => {
      const name = /\bvalidate constraint (?<name>[\w"]+)/i.exec(text)?.groups?.name;
      return !isAlone && name !== undefined && addsHere(name);
    },
  ),
  onPart("unique-locks", `${alter}, ADD table_constraint_using_index`, {
    begin: /^add (?:constraint [\w"]+ )?(?:unique|primary key)\b/i,
    isWrong: (part) => !/\busing index\b/i.test(part),
  }),
  onPart("column-lost", `${alter}, DROP COLUMN; strong_migrations README, Removing a column`, {
    begin: /^drop (?:column )?(?!constraint\b|not null|default|expression|identity)/i,
    isWrong: () => true,
  }),
  onOld("table-lost", manual("DROP TABLE, DROP SCHEMA"), /^drop (?:table|schema|materialized view)\b/i),
  rule(
    "rows-lost",
    manual("TRUNCATE, DELETE"),
    (text, { isNew }) => (/^truncate\b/i.test(text) || (/^delete from\b/i.test(text) && !/\bwhere\b/i.test(text))) && !isNew(tableOf(text)),
  ),
  rule("cascade-loses", manual("Dependency Tracking"), (text) => /^(?:drop|truncate|alter table .* drop)\b.* cascade\s*$/i.test(text)),
  onOld("every-row-written", manual("Routine Vacuuming; MVCC"), /^update\b(?!.*\bwhere\b)/i),
  rule(
    "rename-breaks",
    `${alter}, RENAME; strong_migrations README, Renaming a column`,
    (text, context) =>
      /^alter (?:table|view|type|schema)\b.* rename (?:column |constraint )?|^alter table .* set schema\b/i.test(text) &&
      !/\brename constraint\b/i.test(text) &&
      !context.isNew(tableOf(text)),
  ),
  onOld(
    "whole-table-locked",
    manual("Explicit Locking, Table-Level Locks"),
    /^(?:lock\b|vacuum (?:\(.*full.*\)|full)|cluster\b|reindex (?:\([^)]*\) )?(?:table|index|schema) (?!concurrently))/i,
  ),
  rule(
    "own-transaction",
    "docs/guide/operate.md of Plimsoll: each file runs in one transaction",
    (text, { isAlone }) => !isAlone && /^(?:begin|commit|rollback|start transaction|end)\b(?! atomic)/i.test(text),
  ),
  rule(
    "zone-lost",
    manual("Date/Time Types, 8.5.1.3"),
    (text) =>
      /^(?:create table|alter table)\b/i.test(text) && /\btimestamp(?:\s*\(\d\))?(?! *(?:\(\d\) *)?with time zone)\b(?!tz)/i.test(text),
  ),
  rule(
    "numbers-run-out",
    manual("Numeric Types, 8.1.4 Serial Types"),
    (text) =>
      /^(?:create table|alter table)\b/i.test(text) &&
      /\b(?:serial4?|smallserial|(?:int|integer|int4) generated (?:always|by default) as identity)\b/i.test(text),
  ),
  rule("row-security-off", manual("Row Security Policies"), (text) =>
    /^alter table\b.*\b(?:disable|no force) row level security\b|^alter role\b.*\bbypassrls\b|^drop policy\b/i.test(text),
  ),
];
