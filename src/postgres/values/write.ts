import { JsonValue } from "../../operation/sql/json.ts";
import { nameOfValue, RefusedValue, refuseType, refuseValue } from "../../operation/sql/refused-value.ts";
import { jsonText } from "./json-text.ts";
import type { SqlType } from "./sql-type.ts";

/** A parameter as it goes over the wire: bytes go as they are. */
export type Written = string | Buffer | null;

type Write = (value: NonNullable<unknown>, type: SqlType) => Written;

const integers: Readonly<Record<string, readonly [least: bigint, most: bigint]>> = {
  int2: [-(2n ** 15n), 2n ** 15n - 1n],
  int4: [-(2n ** 31n), 2n ** 31n - 1n],
  int8: [-(2n ** 63n), 2n ** 63n - 1n],
  oid: [0n, 2n ** 32n - 1n],
};

const writers: Readonly<Record<SqlType["kind"], Write>> = {
  bool: (value, type) => (typeof value === "boolean" ? String(value) : wrong(value, type, "Write true or false.")),
  integer: integerText,
  float: (value, type) => {
    if (typeof value === "number") return numberText(value);
    if (typeof value !== "bigint") return wrong(value, type);
    return BigInt(Number(value)) === value ? String(value) : refuseValue(`is a bigint that ${type.name} would round.`);
  },
  numeric: (value, type) => {
    if (typeof value === "number") return numberText(value);
    return typeof value === "bigint" ? String(value) : wrong(value, type);
  },
  json: (value) => (value instanceof JsonValue ? jsonText(value.value) : jsonText(value)),
  time: (value, type) => (value instanceof Date ? dateText(value) : wrong(value, type, "Write a Date or an ISO 8601 string.")),
  span: (value, type) => wrong(value, type, "Write a string, as 'PT30S'."),
  bytes: (value, type) => (value instanceof Uint8Array ? bytes(value) : wrong(value, type, "Write a Buffer or a Uint8Array.")),
  array: (value, type) => (Array.isArray(value) ? arrayText(value, type) : wrong(value, type, "Write an array.")),
  text: (value, type) => {
    if (value instanceof Date) return dateText(value);
    if (value instanceof JsonValue) return jsonText(value.value);
    if (typeof value === "object") return wrong(value, type, "Write JSON.stringify(…) where JSON is meant.");
    return scalarText(value);
  },
};

/** Writes a value for a parameter of a type. *Faults thrown*: {@link RefusedValue}. */
function writeAs(value: unknown, type: SqlType): Written {
  if (value === null) return null;
  if (typeof value === "string") return type.kind === "json" ? jsonString(value) : sound(value);
  return writers[type.kind](value as NonNullable<unknown>, type);
}

/** Writes a value whose type is not known (yet): of what has one form only, that form. */
function writeUntyped(value: unknown): Written {
  if (value === null) return null;
  if (typeof value !== "object") return scalarText(value as NonNullable<unknown>);
  if (value instanceof Uint8Array) return bytes(value);
  if (value instanceof Date) return dateText(value);
  if (value instanceof JsonValue) return jsonText(value.value);
  return Array.isArray(value) ? literal(value, writeUntyped) : jsonText(value);
}

/** The same for a statement whose types are not asked for. */
export function writeAllPlain(values: readonly unknown[]): Written[] {
  for (const [at, value] of values.entries())
    if (needsType(value) && !(value instanceof Date))
      throw new RefusedValue(
        "type",
        `is ${nameOfValue(value)}, which a statement with so many parameters cannot take. Send columns as arrays, with unnest(…).`,
      ).at(at + 1);
  return writeAll(values, undefined);
}

/** Whether how a value is written depends on the type that it is for. */
export function needsType(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array) && !(value instanceof JsonValue);
}

/** Writes all parameters of a statement; without types each as what it is. *Faults thrown*: {@link RefusedValue} with its number. */
export function writeAll(values: readonly unknown[], types: readonly SqlType[] | undefined): Written[] {
  const written: Written[] = new Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const type = types?.[at];
    try {
      written[at] = type === undefined ? writeUntyped(values[at]) : writeAs(values[at], type);
    } catch (error) {
      throw error instanceof RefusedValue ? error.of(values[at]).at(at + 1) : error;
    }
  }
  return written;
}

function integerText(value: NonNullable<unknown>, type: SqlType): string {
  if (typeof value !== "number" && typeof value !== "bigint") return wrong(value, type);
  if (typeof value === "number" && !Number.isInteger(value))
    return refuseValue(`is ${Number.isFinite(value) ? "no integer" : value}, and ${type.name} takes integers only.`);
  const [least, most] = integers[type.name] ?? integers.int8!;
  if (value < least || value > most) return refuseValue(`is out of the range of ${type.name}.`);
  if (typeof value === "number" && !Number.isSafeInteger(value))
    return refuseValue("is above 2^53, where JavaScript rounds: write a bigint or a string.");
  return String(value);
}

/** The text of an array: as deep as it is nested, all parts of one depth of one length, as the server keeps it. */
function arrayText(value: readonly unknown[], type: SqlType): string {
  const element = type.element!;
  // An element of json[] is a value, and may be an array itself.
  const isLeaf = element.kind === "json" ? () => true : (inner: unknown) => !Array.isArray(inner);
  const write = (inner: unknown): Written =>
    element.kind === "bytes" && inner instanceof Uint8Array ? `\\x${bytes(inner).toString("hex")}` : writeAs(inner, element);
  if (element.kind !== "json" && value.some(Array.isArray)) refuseRagged(value);
  return literal(value, write, isLeaf);
}

function literal(
  value: readonly unknown[],
  write: (inner: unknown) => Written,
  isLeaf = (inner: unknown) => !Array.isArray(inner),
): string {
  let text = "";
  for (let at = 0; at < value.length; at++) {
    const inner = value[at];
    if (inner === undefined) refuseType(`holds undefined at /${at}: write null where the element is to be null.`);
    if (at > 0) text += ",";
    if (inner === null) text += "NULL";
    else if (isLeaf(inner)) text += quoted(writeElement(inner, write));
    else text += literal(inner as unknown[], write, isLeaf);
  }
  return `{${text}}`;
}

function writeElement(element: unknown, write: (inner: unknown) => Written): Written {
  try {
    return write(element);
  } catch (error) {
    throw error instanceof RefusedValue ? error.of(element) : error;
  }
}

function quoted(written: Written): string {
  const text = typeof written === "string" ? written : `\\x${written?.toString("hex")}`;
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function refuseRagged(value: readonly unknown[]): void {
  const lengths = new Set(value.map((inner) => (Array.isArray(inner) ? inner.length : -1)));
  if (lengths.size > 1 || lengths.has(0))
    refuseType("is an array of arrays that differ in length or are empty: an array in SQL is rectangular.");
  for (const inner of value) if (Array.isArray(inner) && inner.some(Array.isArray)) refuseRagged(inner);
}

/** A string for JSON is JSON, as `JSON.stringify` writes it, of an array or an object; what else it could be is not guessed. */
function jsonString(text: string): string {
  if (/^\s*[[{]/.test(text)) return sound(text);
  return refuseType("is a string for JSON, which could be JSON or a string: write json(…) around it.");
}

function scalarText(value: NonNullable<unknown>): string {
  switch (typeof value) {
    case "string":
      return sound(value);
    case "number":
      return numberText(value);
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return refuseType(`is ${nameOfValue(value)}, which has no form in SQL.`);
  }
}

function sound(text: string): string {
  return text.isWellFormed() ? text : refuseValue("holds half a surrogate pair, which no text can hold.");
}

function bytes(value: Uint8Array): Buffer {
  return value instanceof Buffer ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

const numberText = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** As ISO 8601 in UTC, with the era where there was no year. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return refuseValue("is an invalid Date.");
  const year = date.getUTCFullYear();
  const rest = date.toISOString().replace(/^[+-]?\d+/, "");
  return year > 0 ? `${String(year).padStart(4, "0")}${rest}` : `${String(1 - year).padStart(4, "0")}${rest} BC`;
}

function wrong(value: unknown, { name }: SqlType, fix = ""): never {
  let then = fix;
  if (Array.isArray(value)) then = "After in write list(…), or write = any(…).";
  else if (value instanceof Promise) then = "Await it.";
  else if (value instanceof Set) then = "Spread it: [...set].";
  refuseType(`is ${nameOfValue(value)}, and ${name} does not take it.${then === "" ? "" : ` ${then}`}`);
}
