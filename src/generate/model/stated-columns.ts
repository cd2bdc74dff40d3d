import type { Design } from "../../design/planning/design.ts";
import type { FieldBounds, FieldForm, FieldModel } from "./model.ts";
import { singular } from "./names.ts";

/** A column as the PRD states it in SQL. */
export type StatedColumn = NonNullable<Design["entities"][number]["columns"]>[number];

type Read = Pick<FieldModel, "form" | "bounds">;

/** The largest whole number that JSON carries exactly, and the bounds of an `integer`. */
const integers = { small: 32_767, plain: 2_147_483_647, big: Number.MAX_SAFE_INTEGER } as const;

/** Works out the form of a field from its type in SQL; where several forms have that type, from its name. */
export function withType(field: FieldModel, column: StatedColumn, isEntity: (key: string) => boolean): FieldModel {
  const { form, bounds } = formOf(field, column, isEntity);
  const named = form === "money" || !field.column.endsWith("_cents") || column.name.endsWith("_cents") ? field : unmoneyed(field);
  const isOptional = !column.isRequired;
  return { ...named, form, isOptional, ...(bounds !== undefined && { bounds }) };
}

/** A name that looks like money keeps its own column where the type says otherwise. */
function unmoneyed(field: FieldModel): FieldModel {
  return { ...field, column: field.column.replace(/_cents$/, ""), name: field.name.replace(/Cents$/, "") };
}

function formOf(
  { form }: FieldModel,
  { type, values, least, most, name, references }: StatedColumn,
  isEntity: (key: string) => boolean,
): Read {
  if (values !== undefined && values.length > 0) return { form: "choice", bounds: { values } };
  const bounds = { ...(least !== undefined && { least }), ...(most !== undefined && { most }) };
  const [size, scale] = (/\(([\d,]+)\)/.exec(type)?.[1] ?? "").split(",").map(Number) as [number?, number?];
  const base = type.replace(/\(.*$/, "");
  if (type.endsWith("[]")) return { form: "list" };
  if (/^(?:tinyint)$/.test(base) && size === 1) return { form: "flag" };
  if (base === "uuid" || (isKey(name) && (references !== undefined || isEntity(singular(name.replace(/_id$/, ""))))))
    return { form: "reference" };
  const simple = simpleForms.find(([pattern]) => pattern.test(base))?.[1];
  if (simple !== undefined) return { form: simple };
  if (/^(?:numeric|decimal|money)$/.test(base))
    return decimal({ form, size: size || 18, scale: scale ?? (base === "money" ? 2 : 0), bounds });
  const greatest = integerTypes.find(([pattern]) => pattern.test(base))?.[1];
  if (greatest !== undefined) return integer({ form, greatest, bounds });
  const isText = ["text", "long-text", "email", "url"].includes(form);
  return { form: isText ? form : "text", ...(size !== undefined && size > 0 && { bounds: { most: size } }) };
}

const isKey = (name: string): boolean => name.endsWith("_id");

const simpleForms: readonly (readonly [RegExp, FieldForm])[] = [
  [/^bool(?:ean)?$/, "flag"],
  [/^(?:timestamp|datetime)/, "moment"],
  [/^date$/, "day"],
  [/^(?:real|float\d?|double)/, "real"],
  [/^jsonb?$/, "object"],
];
const integerTypes: readonly (readonly [RegExp, number])[] = [
  [/^(?:smallint|int2|tinyint|smallserial)$/, integers.small],
  [/^(?:int|integer|int4|mediumint|serial)$/, integers.plain],
  [/^(?:bigint|int8|bigserial)$/, integers.big],
];

/** Whole numbers: what a name says of money and counts holds, and all others may be below zero. */
function integer({ form, greatest, bounds }: { readonly form: FieldForm; readonly greatest: number; readonly bounds: FieldBounds }): Read {
  if (form === "money") return { form, ...(Object.keys(bounds).length > 0 && { bounds }) };
  const most = Math.min(greatest, bounds.most ?? greatest);
  const least = Math.max(form === "count" ? 0 : -greatest, bounds.least ?? -greatest);
  return { form: greatest > integers.plain ? "big-integer" : "integer", bounds: { least, most } };
}

/** Amounts with two digits behind the point are kept in hundredths; other decimals with exactly their digits. */
function decimal({
  form,
  size,
  scale,
  bounds,
}: {
  readonly form: FieldForm;
  readonly size: number;
  readonly scale: number;
  readonly bounds: FieldBounds;
}): Read {
  if (scale === 0) return integer({ form, greatest: Math.min(10 ** size - 1, integers.big), bounds });
  if (form !== "money" || scale > 2) return { form: "decimal", bounds: { ...bounds, digits: size, scale } };
  const inHundredths = Object.fromEntries(Object.entries(bounds).map(([name, value]) => [name, Math.round(value * 100)]));
  return { form, ...(Object.keys(bounds).length > 0 && { bounds: inHundredths }) };
}
