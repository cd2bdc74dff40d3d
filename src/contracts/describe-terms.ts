import { canonical } from "../core/schema/difference/resolve.ts";
import type { JsonSchema } from "../core/schema/standard.ts";
import { compileSchema } from "../core/schema.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { httpStatusOf } from "../surface/http-status.ts";
import type { DescribedFault, DescribedTerms } from "./description.ts";

/** Describes what an operation says on every surface. */
export function describeTerms({ operation, input, access, limits, key, rates, faults }: CompiledOperation): DescribedTerms {
  const { spec } = operation;
  const idempotent = typeof key === "object" ? `key of ${key.field}` : key === "required" ? "key" : (spec.idempotent as string | undefined);
  const declared = [...faults.values()].map((one): readonly [string, DescribedFault] => {
    const details = one.schema === undefined ? undefined : schemaOf(compileSchema(one.schema, `${one.type} details`, "output").outputJson);
    return [one.type, { code: one.code, status: httpStatusOf(one), ...(details !== undefined && { details }) }];
  });
  const own = [...rates.byCaller, ...rates.byInput].map(({ name, limit, periodMs }) => [name, { limit, periodMs }] as const);
  return {
    access: access === "public" ? "public" : access.description,
    ...(access !== "public" && access.roles !== undefined && { roles: [...access.roles].toSorted() }),
    idempotent: idempotent ?? "none",
    deadlineMs: limits.deadlineMs,
    ...(own.length > 0 && { rates: sorted(own) }),
    input: schemaOf(input.inputJson),
    ...(declared.length > 0 && { faults: sorted(declared) }),
    ...(spec.deprecated !== undefined && { deprecated: spec.deprecated }),
  };
}

/** A schema in the one form that equal schemas have. */
export function schemaOf(schema: JsonSchema): JsonSchema {
  return canonical(schema) as JsonSchema;
}

/** An object whose keys stand in their order. */
export function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
