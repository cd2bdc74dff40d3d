import assert from "node:assert";
import pg from "pg";
import { readJsonText } from "./json-text.ts";

type Read = (text: string) => unknown;

/** A type of the server, as far as reading and writing depend on it. */
export interface SqlType {
  readonly name: string;
  /** How JavaScript's values are written for it. `text`: as their text, which the server reads. */
  readonly kind: "bool" | "integer" | "float" | "numeric" | "json" | "time" | "span" | "bytes" | "array" | "text";
  /** What the text that the server sends is in JavaScript. */
  readonly read: Read;
  /** Of an array. */
  readonly element?: SqlType;
}

const asText: Read = (text) => text;

const int8: Read = (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) assert.fail(`JavaScript cannot represent the int8 ${text} exactly. Select it as text: column::text.`);
  return value;
};

// The server writes "2026-11-21 08:15:30.123456+00"; microseconds are kept, so that a value read can be compared in SQL again.
const timestamptz: Read = (text) => {
  const iso = text.replace(" ", "T");
  const zone = /\+00( BC)?$/.exec(iso);
  if (zone !== null) return `${iso.slice(0, zone.index)}Z${zone[1] ?? ""}`;
  return iso.replace(/([+-]\d\d)( BC)?$/, "$1:00$2");
};
const timestamp: Read = (text) => text.replace(" ", "T");

/** "1 year 2 mons -3 days +04:05:06.7" is P1Y2M-3DT4H5M6.7S: what ISO 8601 has no word for (a sign inside) is as PostgreSQL writes it. */
const interval: Read = (text) => {
  const part = (unit: RegExp): string => unit.exec(text)?.[1] ?? "";
  const days = [/(-?\d+) years?/, /(-?\d+) mons?/, /(-?\d+) days?/]
    .map((unit, at) => (part(unit) === "" ? "" : `${part(unit)}${"YMD"[at]}`))
    .join("");
  const [, sign = "", hours = "0", minutes = "0", seconds = "0"] = /([+-]?)(\d+):(\d+):([\d.]+)$/.exec(text) ?? [];
  const minus = sign === "-" ? "-" : "";
  const clock = [hours, minutes, seconds]
    .map((count, at) => (Number(count) === 0 ? "" : `${minus}${count.replace(/^0+(?=\d)/, "")}${"HMS"[at]}`))
    .join("");
  return /infinity/.test(text) ? text : days === "" && clock === "" ? "PT0S" : `P${days}${clock === "" ? "" : `T${clock}`}`;
};

const bytea = pg.types.getTypeParser(17 as never) as Read;
// pg reads text[] with nulls and nesting; only the leaves are ours.
const textArray = pg.types.getTypeParser(1009 as never) as (text: string) => unknown[];

/** The array of a type. */
export function arrayOf(element: SqlType): SqlType {
  const each = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(each) : value === null ? null : element.read(value as string);
  return { name: `${element.name}[]`, kind: "array", element, read: (text) => each(textArray(text)) };
}

type Row = readonly [oid: number, array: number, name: string, kind?: SqlType["kind"], read?: Read];

// The types that come with the server and are named in most schemas. Others are asked for when they are met.
const rows: readonly Row[] = [
  [16, 1000, "bool", "bool", (text) => text === "t"],
  [17, 1001, "bytea", "bytes", bytea],
  [18, 1002, '"char"'],
  [19, 1003, "name"],
  [20, 1016, "int8", "integer", int8],
  [21, 1005, "int2", "integer", Number],
  [23, 1007, "int4", "integer", Number],
  [25, 1009, "text"],
  [26, 1028, "oid", "integer", Number],
  [114, 199, "json", "json", readJsonText],
  [142, 143, "xml"],
  [650, 651, "cidr"],
  [700, 1021, "float4", "float", Number],
  [701, 1022, "float8", "float", Number],
  [790, 791, "money"],
  [829, 1040, "macaddr"],
  [869, 1041, "inet"],
  [1042, 1014, "char"],
  [1043, 1015, "varchar"],
  [1082, 1182, "date", "time"],
  [1083, 1183, "time", "span"],
  [1114, 1115, "timestamp", "time", timestamp],
  [1184, 1185, "timestamptz", "time", timestamptz],
  [1186, 1187, "interval", "span", interval],
  [1266, 1270, "timetz", "span"],
  [1700, 1231, "numeric", "numeric"],
  // What a function without a result has; it has no array.
  [2278, 0, "void"],
  [2950, 2951, "uuid"],
  [3802, 3807, "jsonb", "json", readJsonText],
];

/** A type of which nothing is known but that it has a text. */
export function textType(name: string): SqlType {
  return { name, kind: "text", read: asText };
}

/** The server's own types by their number. */
export const builtIn: ReadonlyMap<number, SqlType> = new Map(
  rows.flatMap(([oid, array, name, kind = "text", read = asText]): [number, SqlType][] => {
    const type = { name, kind, read };
    return [
      [oid, type],
      [array, arrayOf(type)],
    ];
  }),
);
