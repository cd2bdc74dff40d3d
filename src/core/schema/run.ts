import type { ZodCheck, ZodDef, ZodPayload, ZodSchema } from "./zod.ts";

// What made code calls at run time.

/** What made code gives where it does not accept a value. It may be wrong to refuse, and Zod is asked then; it is never wrong to accept. */
export const no = Symbol("not accepted");

/** Thrown where a schema turns out to be asynchronous. */
const asynchronous = Symbol("asynchronous");

const context = { async: false } as const;

/** Asks Zod about a part of a value. */
export function runZod(schema: ZodSchema, value: unknown): unknown {
  const result = schema._zod.run({ value, issues: [] }, context);
  if (result instanceof Promise) throw refused(result);
  return result.issues.length > 0 ? no : result.value;
}

/** Asks one of Zod's checks. It may change the value. */
export function runCheck(check: ZodCheck, value: unknown): unknown {
  const payload: ZodPayload = { value, issues: [] };
  const { when } = check._zod.def;
  if (typeof when === "function" && !when(payload)) return value;
  const done = check._zod.check(payload);
  if (done instanceof Promise) throw refused(done);
  return payload.issues.length > 0 ? no : payload.value;
}

function refused(promise: Promise<unknown>): symbol {
  promise.catch(() => {});
  return asynchronous;
}

/** Reads the default of a Zod definition, whose getter may make a new value each time. */
export function defaultOf(def: ZodDef): unknown {
  return def.defaultValue;
}

/** The length of a text in code points, as Zod counts it. */
export function points(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      count--;
      at++;
    }
  }
  return count;
}

/** Zod takes some more for a plain object than this; it is asked about those. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !Object.hasOwn(value, "constructor") && Object.getOwnPropertySymbols(value).length === 0;
}

/** Writes a value as `JSON.stringify` does; undefined for a value without a JSON form. */
export const json: (value: unknown) => string | undefined = JSON.stringify;
