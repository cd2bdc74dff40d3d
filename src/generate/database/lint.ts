import { type LintContext, type LintRuleName, lintRules, tableOf } from "./rules.ts";
import { statementsOf } from "./statements.ts";

/** A statement that locks or loses something. */
export interface LintFinding {
  readonly file: string;
  readonly line: number;
  readonly rule: LintRuleName;
  readonly source: string;
  readonly statement: string;
}

/** Finds what migrations lock or lose. Earlier files of the same folder come first: a check that one of them validated counts. */
export function lintMigrations(files: ReadonlyMap<string, string>): readonly LintFinding[] {
  const checked = new Set<string>();
  return [...files].flatMap(([file, sql]) => {
    const statements = statementsOf(sql);
    const created = new Set(statements.filter(({ text }) => /^create (?:unlogged )?table\b/i.test(text)).map(({ text }) => tableOf(text)));
    const context: LintContext = {
      isNew: (table) => created.has(table),
      isAlone: sql.startsWith("-- plimsoll: no-transaction"),
      addsHere: (name) => statements.some(({ text }) => text.includes(`add constraint ${name} `)),
      hasCheck: (table) => checked.has(table),
    };
    return statements.flatMap(({ text, line, allows }) => {
      const found = lintRules.filter(({ name, breaks }) => breaks(text, context) && !allows.includes(name));
      if (/^alter table\b.* validate constraint\b/i.test(text)) checked.add(tableOf(text));
      return found.map(({ name, source }) => ({ file, line, rule: name, source, statement: text.slice(0, 100) }));
    });
  });
}
