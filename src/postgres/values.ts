import assert from "node:assert";
import pg from "pg";

type Parse = (text: string) => unknown;

const int8 = (text: string): number => {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `The int8 ${text} is no safe integer in JavaScript. Select it as text: column::text.`);
  return value;
};

// The server writes "2026-11-21 08:15:30.123456+00"; microseconds are kept, so that a value read can be compared in SQL again.
const timestamptz = (text: string): string => {
  if (text === "infinity" || text === "-infinity") return text;
  const iso = text.replace(" ", "T");
  if (iso.endsWith("+00")) return `${iso.slice(0, -3)}Z`;
  return /[+-]\d\d$/.test(iso) ? `${iso}:00` : iso;
};
const timestamp = (text: string): string => text.replace(" ", "T");
const asText = (text: string): string => text;

const scalars: Readonly<Record<number, Parse>> = { 20: int8, 1700: asText, 1184: timestamptz, 1114: timestamp, 1082: asText };
const elementOf: Readonly<Record<number, number>> = { 1016: 20, 1231: 1700, 1185: 1184, 1115: 1114, 1182: 1082 };

function arrayOf(parse: Parse): Parse {
  // pg reads text[] (1009) with nulls and nesting; only the leaves are ours.
  const read = pg.types.getTypeParser(1009 as never) as (text: string) => unknown[];
  const each = (value: unknown): unknown => (Array.isArray(value) ? value.map(each) : value === null ? null : parse(value as string));
  return (text) => each(read(text));
}

const parsers = new Map<number, Parse>(Object.entries(scalars).map(([oid, parse]) => [Number(oid), parse]));
for (const [oid, element] of Object.entries(elementOf)) parsers.set(Number(oid), arrayOf(scalars[element] as Parse));

/** How columns read in JavaScript: `int8` a safe number, `numeric`, `date` and times strings (ISO 8601), `json` parsed, the rest as `pg` has it. */
export const columnTypes = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    return parsers.get(oid) ?? (pg.types.getTypeParser(oid, format as "text") as Parse);
  },
};

const camel = new Map<string, string>();
const maxRemembered = 10_000;

/** Writes a column's name as properties are written: `total_cents` is `totalCents`. */
export function camelCase(column: string): string {
  const known = camel.get(column);
  if (known !== undefined) return known;
  const name = column.replaceAll(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  if (camel.size < maxRemembered) camel.set(column, name);
  return name;
}
