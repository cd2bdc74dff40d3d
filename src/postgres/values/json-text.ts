import { nameOfValue, refuseType, refuseValue } from "../../operation/sql/refused-value.ts";

/** How deep a value may be; one that holds itself is deeper. */
const maxDepth = 1_000;

/** Writes a value as JSON, without what `JSON.stringify` makes of values that JSON has no form for: null, an empty object, nothing. */
export function jsonText(value: unknown): string {
  const raw = plain(value, "", 0);
  // A class may say with `toJSON` that it has no form.
  return raw === undefined ? refuse(value, "") : raw;
}

function plain(given: unknown, path: string, depth: number): string | undefined {
  const value = withToJson(given);
  switch (typeof value) {
    case "string":
      return value.isWellFormed()
        ? JSON.stringify(value)
        : refuseValue(`holds half a surrogate pair${placed(path)}, which no text can hold.`);
    case "number":
      return Number.isFinite(value) ? numberText(value) : refuseValue(`holds ${value}${placed(path)}, which JSON has no form for.`);
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return String(value);
    case "object":
      if (value === null) return "null";
      if (depth >= maxDepth) refuseValue(`is deeper than ${maxDepth} levels, or holds itself.`);
      return Array.isArray(value) ? arrayText(value, path, depth) : objectText(value, path, depth);
    case "undefined":
      return undefined;
    default:
      return refuse(value, path);
  }
}

function arrayText(value: readonly unknown[], path: string, depth: number): string {
  let text = "";
  for (let at = 0; at < value.length; at++)
    text += `${at === 0 ? "" : ","}${plain(value[at], `${path}/${at}`, depth + 1) ?? refuse(undefined, `${path}/${at}`)}`;
  return `[${text}]`;
}

function objectText(value: object, path: string, depth: number): string {
  if (!isPlain(value)) refuse(value, path);
  let text = "";
  for (const [key, inner] of Object.entries(value)) {
    const written = plain(inner, `${path}/${key}`, depth + 1);
    // As in JSON, a property that is undefined is one that is not there.
    if (written === undefined) continue;
    if (!key.isWellFormed()) refuseValue(`holds half a surrogate pair in a key${placed(path)}, which no text can hold.`);
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${written}`;
  }
  return `{${text}}`;
}

/** Whether all that an object is stands in its properties. A class of an application counts: what it keeps apart is private on purpose. */
function isPlain(value: object): boolean {
  if (value instanceof Map || value instanceof Set || value instanceof WeakMap || value instanceof WeakSet) return false;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Promise || value instanceof RegExp) return false;
  return !(value instanceof Error || value instanceof Boolean || value instanceof Number || value instanceof String);
}

function withToJson(value: unknown): unknown {
  // A Buffer has one, of its bytes as numbers.
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (value instanceof Date && Number.isNaN(value.getTime())) refuseValue("holds an invalid Date.");
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === "function" ? toJSON.call(value) : value;
}

function refuse(value: unknown, path: string): never {
  const then = value instanceof Promise ? " Await it." : value instanceof Set || value instanceof Map ? " Spread it into an array." : "";
  refuseType(`holds ${nameOfValue(value)}${placed(path)}, which JSON has no form for.${then}`);
}

const placed = (path: string): string => (path === "" ? "" : ` at ${path}`);
const numberText = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

// Only a number with at least sixteen digits or an exponent can be rounded. A string that looks like one only costs a closer look.
const suspect = /[0-9.]{16}|[0-9][eE]/;

/**
 * Reads JSON as the server keeps it. PostgreSQL keeps numbers as they were written; one that JavaScript would round is refused.
 * *Faults thrown*: a `RangeError`.
 */
export function readJsonText(text: string): unknown {
  if (!suspect.test(text)) return JSON.parse(text);
  return JSON.parse(text, function (this: unknown, _key: string, value: unknown, context: { readonly source?: string }) {
    if (typeof value === "number" && context.source !== undefined && !isExact(context.source, value))
      throw new RangeError(
        `The JSON holds the number ${context.source.slice(0, 40)}, which JavaScript would read as ${value}. Select it as text: column::text, or column->>'key'.`,
      );
    return value;
  } as (key: string, value: unknown) => unknown);
}

/** Whether a number is the shortest form of what was written, so that nothing was lost. */
function isExact(source: string, value: number): boolean {
  return Number.isFinite(value) && digits(source) === digits(String(value));
}

/** A number as its digits and the exponent of the last, however it was written. */
function digits(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, "");
  const kept = all.replace(/0+$/, "");
  return kept === "" ? "0" : `${sign}${kept}e${Number(exponent) - fraction.length + (all.length - kept.length)}`;
}
