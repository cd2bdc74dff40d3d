import { Fault } from "../fault.ts";
import { firstProblems, holdsMore, ProblemFinder } from "./problems.ts";
import type { Problem, Schema, StandardResult } from "./standard.ts";
import { isZod, partsOf, type ZodCheck, type ZodIssue, type ZodSchema } from "./zod.ts";

/** The parsed value, or what is wrong. */
export type Checked =
  | { readonly value: unknown; readonly problems?: undefined }
  | { readonly value?: undefined; readonly problems: readonly Problem[]; readonly more: boolean };

/** Makes the check that decides: the library's own, in the house's words. */
export function makeCheck(schema: Schema, name: string): (value: unknown) => Checked {
  if (isZod(schema) && typeof schema.safeParse === "function") return zodCheck(schema, name);
  return (value) => {
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) {
      result.catch(() => {});
      throw isAsync(name);
    }
    return result.issues === undefined ? { value: result.value } : problemsOf(result.issues.map(plainPath));
  };
}

function problemsOf(issues: readonly ZodIssue[]): Checked {
  const problems = firstProblems(issues);
  return { problems, more: problems.length < issues.length };
}

/** Values in a value from which on not everything is listed that may be wrong with it: Zod lists it all, at once. */
const largeValue = 500;

function zodCheck(schema: ZodSchema, name: string): (value: unknown) => Checked {
  return (value) => {
    try {
      const brief = holdsMore(value, largeValue);
      const found = brief ? new ProblemFinder().find(schema, value) : [];
      if (found.length > 0) return { problems: found, more: true };
      const result = schema.safeParse!(value, brief ? { abortEarly: true } : undefined);
      return result.success ? { value: result.data } : problemsOf(result.error!.issues);
    } catch (error) {
      throw asyncError(error) ? isAsync(name) : error;
    }
  };
}

/** Whether Zod threw because something in a schema is asynchronous. */
function asyncError(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === "$ZodAsyncError";
}

function plainPath({ message, path = [] }: NonNullable<StandardResult["issues"]>[number]): ZodIssue {
  return { message, path: path.map((segment) => (typeof segment === "object" ? segment.key : segment)) };
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
    message: `${name}: async schemas are refused, because checking a value must not wait. Move checks that need a query or a call into the handler.`,
  });
}
