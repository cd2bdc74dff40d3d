// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import type { FieldBounds, FieldModel } from "../model/model.ts";
import type { FormRow } from "./forms.ts";

type Bounded = Pick<FieldModel, "form" | "bounds">;

/** What changes in the row of a form by what the PRD states of a field. */
export function boundedRow({ form, bounds }: Bounded): Partial<FormRow> {
  if (bounds === undefined) return {};
  if (form === "choice") return ofChoice(bounds.values!);
  if (form === "decimal") return ofDecimal(bounds);
  if (form === "money" || form === "integer" || form === "big-integer") return ofNumber(form, bounds);
  return bounds.most === undefined ? {} : ofText(form, bounds.most);
}

/** A text as a string of SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function ofChoice(values: readonly string[]): Partial<FormRow> {
  const all = values.map((value) => JSON.stringify(value)).join(", ");
  return {
    zod: `z.enum([${all}])`,
    check: (column) => `${column} in (${values.map(sqlText).join(", ")})`,
    sample: `${JSON.stringify(values[0])} as const`,
    arbitrary: `fc.constantFrom(...([${all}] as const))`,
  };
}

/** A decimal is a text with exactly its digits behind the point, as PostgreSQL returns it: no float loses any. */
function ofDecimal({ digits = 18, scale = 2, least, most }: FieldBounds): Partial<FormRow> {
  const whole = Math.max(digits - scale, 1);
  const sign = least !== undefined && least >= 0 ? "" : "-?";
  const bounds = [...(least === undefined ? [] : [`Number(text) >= ${least}`]), ...(most === undefined ? [] : [`Number(text) <= ${most}`])];
  const pattern = `z.string().regex(/^${sign}(?:0|[1-9]\\d{0,${whole - 1}})\\.\\d{${scale}}$/)`;
  const [low, high] = [Math.ceil((least ?? -1) * 10 ** scale), Math.floor(Math.min(most ?? 9, 10 ** whole - 1) * 10 ** scale)];
  return {
    zod: bounds.length === 0 ? pattern : `${pattern}.refine((text) => ${bounds.join(" && ")})`,
    sql: `numeric(${digits},${scale})`,
    ...(bounds.length > 0 && {
      check: (column) =>
        [...(least === undefined ? [] : [`${column} >= ${least}`]), ...(most === undefined ? [] : [`${column} <= ${most}`])].join(" and "),
    }),
    sample: `"${Math.max(least ?? 1, Math.min(most ?? 1, 1)).toFixed(scale)}"`,
    arbitrary: `fc.integer({ min: ${low}, max: ${high} }).map((n) => (n / ${10 ** scale}).toFixed(${scale}))`,
  };
}

const mostMoney = 1_000_000_000_000;
/** The greatest value of an `integer` of SQL. */
const mostInteger = 2_147_483_647;

function ofNumber(form: "money" | "integer" | "big-integer", { least = 0, most = mostMoney }: FieldBounds): Partial<FormRow> {
  const isType = form === "integer" && Math.abs(least) === mostInteger && most === mostInteger;
  const isBig = form === "big-integer" && most === Number.MAX_SAFE_INTEGER && least === -most;
  const upper =
    form === "money" || most < (form === "integer" ? mostInteger : Number.MAX_SAFE_INTEGER)
      ? (column: string) => ` and ${column} <= ${most}`
      : () => "";
  return {
    zod: `z.int().min(${least}).max(${most})`,
    ...(!isType &&
      !isBig && { check: (column: string) => `${column} >= ${least}${form === "money" && most === mostMoney ? "" : upper(column)}` }),
    sample: String(Math.min(Math.max(form === "money" ? 1_250 : 3, least), most)),
    wrong: String(least - 1),
    arbitrary: `fc.integer({ min: ${Math.max(least, -mostInteger)}, max: ${Math.min(most, mostInteger)} })`,
  };
}

function ofText(form: Bounded["form"], most: number): Partial<FormRow> {
  const lead = form === "email" ? "z.email()" : form === "url" ? "z.url()" : "z.string().trim().min(1)";
  const isShort = form === "text" || form === "long-text";
  return {
    zod: `${lead}.max(${most})`,
    check: (column) => `length(${column}) <= ${most}`,
    ...(form === "long-text" && { wrong: `"x".repeat(${most + 1})` }),
    ...(isShort && {
      sample: JSON.stringify("A text".slice(0, most).trim()),
      arbitrary: `fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: ${Math.min(most, 40)} }).filter((text) => text.trim() === text)`,
    }),
  };
}

/** A sample that differs by `n`, for a column of which each value comes once. */
export function variedSample({ form, bounds }: Bounded): string {
  if (form === "email") return "`ada${n}@example.com`";
  if (form === "url") return "`https://example.com/${n}`";
  if (form === "text") return (bounds?.most ?? 200) < 12 ? "n.toString(36)" : "`text ${n}`";
  const least = Math.max(bounds?.least ?? 0, 0);
  return least === 0 ? "n" : `${least} + n`;
}
