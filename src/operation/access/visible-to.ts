import { Fault } from "../../core/fault.ts";
import { visibleMark } from "../../core/schema/marks/visible.ts";
import type { AnySchema, JsonSchema } from "../../core/schema/standard.ts";
import { isZod } from "../../core/schema/zod.ts";
import { permission, type Rule, role } from "../access.ts";

/** A schema that can be made optional and described: one of Zod. */
export interface Markable<S extends AnySchema> extends AnySchema {
  optional(): S;
}

/**
 * Marks a field of an output that only callers with the role or permission get; the output of all others is without it. The handler returns it in any case, and
 * callers find it optional. The mark is `x-visible-to` in the documents.
 * *Bounds*: on fields of an output or of the items of a stream. On an input, on the details of a fault, on a required field, or on a field that is sent as a
 * header or a cookie it keeps the app from starting.
 * *Guarantees*: the caller of the request decides, each time: also for values from a cache and for replies that are repeated under a key. Operations that call the
 * operation get all fields.
 * *Faults thrown*: `failed_precondition` for another rule, and for a schema of another library than Zod.
 * @example const Order = z.object({ id: z.uuid(), margin: visibleTo(role("finance"), z.int()) });
 */
export function visibleTo<S extends AnySchema>({ roles, permissions }: Rule, schema: Markable<S>): S {
  if (roles === undefined && permissions === undefined)
    throw new Fault({
      code: "failed_precondition",
      type: "rule_not_visible",
      message: 'visibleTo shows in documents who gets a field, and a function cannot be shown. Use role("…") or permission("…").',
    });
  if (!isZod(schema))
    throw new Fault({
      code: "failed_precondition",
      type: "schema_not_markable",
      message: `visibleTo marks schemas of Zod. In the documents of adaptSchema, write "${visibleMark}": { "roles": ["…"] } beside a field that is not required.`,
    });
  const optional = schema.optional() as S & { meta(more?: object): object | undefined };
  const mark = permissions === undefined ? { roles } : { permissions };
  return optional.meta({ ...optional.meta(), [visibleMark]: mark }) as S;
}

/** The rule that a mark stands for; undefined where it is none. */
export function ruleOfMark({ roles, permissions }: JsonSchema): Rule | undefined {
  const [names, make] = roles === undefined ? [permissions, permission] : [roles, role];
  if (!Array.isArray(names) || !names.every((name): name is string => typeof name === "string" && name !== "")) return undefined;
  const [first, ...others] = names;
  return first === undefined ? undefined : make(first, ...others);
}
