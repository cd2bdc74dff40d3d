import { Fault } from "../fault.ts";
import type { Problem, Schema, StandardResult } from "../schema.ts";
import { isZod, partsOf, type ZodCheck, type ZodSchema } from "./zod.ts";

/** The parsed value, or what is wrong. */
export type Checked =
  | { readonly value: unknown; readonly problems?: undefined }
  | { readonly value?: undefined; readonly problems: readonly Problem[] };

/** Makes the check that decides: the library's own, in the house's words. */
export function makeCheck(schema: Schema, name: string): (value: unknown) => Checked {
  if (isZod(schema) && typeof schema.safeParse === "function") return zodCheck(schema, name);
  return (value) => {
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) {
      result.catch(() => {});
      throw isAsync(name);
    }
    return result.issues === undefined ? { value: result.value } : { problems: result.issues.map(problem) };
  };
}

function zodCheck(schema: ZodSchema, name: string): (value: unknown) => Checked {
  return (value) => {
    try {
      const result = schema.safeParse!(value);
      return result.success ? { value: result.data } : { problems: result.error!.issues.map(problem) };
    } catch (error) {
      throw asyncError(error) ? isAsync(name) : error;
    }
  };
}

/** Whether Zod threw because something in a schema is asynchronous. */
function asyncError(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === "$ZodAsyncError";
}

function problem({ message, path = [] }: NonNullable<StandardResult["issues"]>[number]): Problem {
  const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment));
  return { pointer: keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""), message };
}

/** *Faults thrown*: `failed_precondition` where it can be seen before the first value that a schema is asynchronous. */
export function refuseAsync(schema: Schema, name: string): void {
  if (isZod(schema)) {
    if (hasAsync(schema, new Set())) throw isAsync(name);
    return;
  }
  // Others do not show what they are made of; most that are asynchronous always answer with a promise.
  const result = schema["~standard"].validate(undefined);
  if (!(result instanceof Promise)) return;
  result.catch(() => {});
  throw isAsync(name);
}

function hasAsync(part: ZodSchema | ZodCheck, seen: Set<unknown>): boolean {
  if (seen.has(part)) return false;
  seen.add(part);
  const { def } = part._zod;
  if (def.type === "promise") return true;
  if ([def.fn, def.transform, def.tx].some((call) => call?.constructor.name === "AsyncFunction")) return true;
  return partsOf(def).some((inner) => hasAsync(inner, seen));
}

function isAsync(name: string): Fault {
  return new Fault({
    code: "failed_precondition",
    type: "async_schema",
    message: `${name}: async schemas are refused, for checking a value must not wait. Check in the handler what has to be asked elsewhere.`,
  });
}
