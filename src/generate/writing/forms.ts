// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import type { FieldForm, FieldModel } from "../model/model.ts";
import { boundedRow, variedSample } from "./bounded-forms.ts";

/** What a form of field is in Zod, in SQL and in tests. */
export interface FormRow {
  readonly zod: string;
  readonly sql: string;
  /** What the column must satisfy. */
  readonly check?: (column: string) => string;
  /** What stands for a value that the caller leaves out. *Default*: null. */
  readonly absent?: string;
  /** A valid value, in TypeScript. */
  readonly sample: string;
  /** A value that is refused, in TypeScript. */
  readonly wrong: string;
  /** A generator of fast-check. */
  readonly arbitrary: string;
}

const atMost = (most: number) => (column: string) => `length(${column}) <= ${most}`;
const notNegative = (column: string): string => `${column} >= 0`;
const text = (most: number): string =>
  `fc.string({ unit: "grapheme", minLength: 1, maxLength: ${most} }).filter((text) => text.trim() === text && !text.includes("\\0"))`;

/** Every form, and all that follows from it where the PRD says no more. */
const forms: Readonly<Record<FieldForm, FormRow>> = {
  text: {
    ...{ zod: "z.string().trim().min(1).max(200)", sql: "text", check: atMost(200) },
    ...{ sample: '"a text"', wrong: '" "', arbitrary: text(40) },
  },
  "long-text": {
    ...{ zod: "z.string().trim().min(1).max(10_000)", sql: "text", check: atMost(10_000) },
    ...{ sample: '"A longer text."', wrong: '"x".repeat(10_001)', arbitrary: text(80) },
  },
  email: {
    ...{ zod: "z.email().max(254)", sql: "text", check: atMost(254) },
    ...{
      sample: '"ada@example.com"',
      wrong: '"no address"',
      arbitrary: "fc.integer({ min: 0, max: 9_999 }).map((n) => `user${n}@example.com`)",
    },
  },
  url: {
    ...{ zod: "z.url().max(2_000)", sql: "text", check: atMost(2_000) },
    ...{
      sample: '"https://example.com/a"',
      wrong: '"no address"',
      arbitrary: "fc.integer({ min: 0, max: 9_999 }).map((n) => `https://example.com/${n}`)",
    },
  },
  integer: {
    ...{ zod: "z.int()", sql: "integer" },
    ...{ sample: "3", wrong: "1.5", arbitrary: "fc.integer()" },
  },
  "big-integer": {
    ...{ zod: "z.int()", sql: "bigint" },
    ...{ sample: "3", wrong: "1.5", arbitrary: "fc.integer()" },
  },
  decimal: {
    ...{ zod: "z.string()", sql: "numeric" },
    ...{ sample: '"12.50"', wrong: '"much"', arbitrary: 'fc.constant("12.50")' },
  },
  choice: { ...{ zod: "z.string()", sql: "text" }, ...{ sample: '""', wrong: '"none of these"', arbitrary: 'fc.constant("")' } },
  money: {
    ...{ zod: "z.int().min(0).max(1_000_000_000_000)", sql: "bigint", check: notNegative },
    ...{ sample: "1_250", wrong: "-1", arbitrary: "fc.integer({ min: 0, max: 1_000_000_000 })" },
  },
  count: {
    ...{ zod: "z.int().min(0).max(1_000_000_000)", sql: "integer", check: notNegative },
    ...{ sample: "3", wrong: "-1", arbitrary: "fc.integer({ min: 0, max: 1_000_000_000 })" },
  },
  real: {
    ...{ zod: "z.number()", sql: "double precision" },
    ...{
      sample: "21.5",
      wrong: '"much"',
      arbitrary: "fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((value) => value + 0)",
    },
  },
  flag: { ...{ zod: "z.boolean()", sql: "boolean", absent: "false" }, ...{ sample: "true", wrong: '"yes"', arbitrary: "fc.boolean()" } },
  moment: {
    ...{ zod: "z.iso.datetime()", sql: "timestamptz" },
    ...{ sample: '"2026-01-02T03:04:05Z"', wrong: '"yesterday"', arbitrary: 'fc.constant("2026-01-02T03:04:05Z")' },
  },
  day: {
    ...{ zod: "z.iso.date()", sql: "date" },
    ...{ sample: '"2026-01-02"', wrong: '"2026-13-40"', arbitrary: 'fc.constant("2026-01-02")' },
  },
  reference: {
    ...{ zod: "z.uuid()", sql: "uuid" },
    ...{ sample: '"00000000-0000-4000-8000-000000000001"', wrong: '"1"', arbitrary: "fc.uuid({ version: 4 })" },
  },
  list: {
    ...{ zod: "z.array(z.string().trim().min(1).max(100)).max(50)", sql: "text[]", absent: "[]" },
    ...{ sample: '["one"]', wrong: '"one"', arbitrary: 'fc.constantFrom<string[]>(["one"], [], ["one", "two"])' },
  },
  object: {
    ...{ zod: "z.record(z.string().max(100), z.union([z.string().max(1_000), z.number(), z.boolean()]))", sql: "jsonb", absent: "{}" },
    ...{
      sample: '{ key: "value" }',
      wrong: '"key"',
      arbitrary: 'fc.constantFrom<Record<string, string | number>>({}, { key: "value" }, { size: 3 })',
    },
  },
};

/** What a field is in Zod, in SQL and in tests: by its form, and by what the PRD states of its values. */
export function rowOf(field: Pick<FieldModel, "form" | "bounds" | "isVaried">): FormRow {
  const row = { ...forms[field.form], ...boundedRow(field) };
  return field.isVaried ? { ...row, sample: variedSample(field), arbitrary: "" } : row;
}

/** The schema of a field as a caller gives it. */
export function inputOf(field: FieldModel): string {
  const { zod, absent } = rowOf(field);
  return field.isOptional ? `${zod}${absent === undefined ? ".optional()" : `.default(${absent})`}` : zod;
}

/** The schema of a field as it is kept. */
export function outputOf(field: FieldModel): string {
  const { zod, absent } = rowOf(field);
  // What is stored was checked when it came: its limits may have changed since.
  const kept = zod
    .replace(/^(z\.(?:string|url|email)\(\)).*$/, "$1")
    .replace(/^z\.enum\(.*$/, "z.string()")
    .replace(/^z\.int\(\).*$/, field.form.endsWith("integer") ? "z.int()" : "z.int().min(0)");
  return (field.isOptional || field.isLate) && absent === undefined ? `${kept}.nullable()` : kept;
}

/** The column of a field. */
export function columnOf(field: FieldModel): string {
  const { sql, absent, check } = rowOf(field);
  const { column, isOptional } = field;
  const nothing = { false: " default false", "[]": " default '{}'", "{}": " default '{}'" }[absent ?? ""] ?? "";
  const need = isOptional && absent === undefined ? "" : ` not null${isOptional ? nothing : ""}`;
  return `${column} ${sql}${need}${check === undefined ? "" : ` check (${check(column)})`}`;
}
