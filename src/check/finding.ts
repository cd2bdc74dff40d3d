/** What is checked. `docs/guide/check.md` explains each. */
export const rules = [
  "domain-outward",
  "contract-with-implementation",
  "foreign-module",
  "imports-root",
  "contract-ring",
  "foreign-sql",
  "network-in-transaction",
  "event-loop",
  "untested-contract",
  "unmarked-secret",
  "secret-in-source",
  "exception-expired",
  "exception-unused",
] as const;

/** The name of one of the {@link rules}. */
export type RuleName = (typeof rules)[number];

/** One place on the way to what breaks a rule. */
export interface Step {
  readonly file: string;
  readonly line: number;
  /** What is named there. */
  readonly name: string;
}

/** One place that breaks a rule. */
export interface Finding {
  readonly rule: RuleName;
  /** Relative to the folder that was checked, with `/` on every system. */
  readonly file: string;
  readonly line: number;
  /** What the texts of the rule name: who breaks it, and by what. */
  readonly who: string;
  readonly what: string;
  /** The shortest way from the file to what breaks the rule; empty where the line itself breaks it. */
  readonly path: readonly Step[];
}
