import type { JsonSchema, Schema } from "../standard.ts";
import { isZod } from "../zod.ts";
import { applying, fieldPlaces, isSchema, itemPlaces, type Place } from "./places.ts";

/** The keyword of a field that says something about a person. */
const personalMark = "x-personal";

/** Whether the mark stands anywhere in the document. */
function hasPersonalMark(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return (personalMark in node && isSchema((node as JsonSchema)[personalMark])) || Object.values(node).some(hasPersonalMark);
}

/** Replaces a marked value. `path`: its place, as a JSON Pointer; `erased`: what stands for it once it is erased. */
export type ReplacePersonal = (value: unknown, at: { readonly path: string; readonly erased: unknown }) => unknown;

/** Makes the function that replaces what the documents mark; undefined where they mark nothing. A value that is missing stays so. */
export function makePersonal(documents: readonly JsonSchema[]): ((value: unknown, replace: ReplacePersonal) => unknown) | undefined {
  if (!documents.some(hasPersonalMark)) return undefined;
  const roots = documents.map((document) => ({ schema: document, document }));
  return (value, replace) => visit(value, { places: roots, path: "", replace });
}

interface Visit {
  readonly places: readonly Place[];
  readonly path: string;
  readonly replace: ReplacePersonal;
}

function visit(value: unknown, { places, path, replace }: Visit): unknown {
  if (value === undefined || places.length === 0) return value;
  const applied = applying(places);
  const mark = applied.map(({ schema }) => schema[personalMark]).find(isSchema);
  if (mark !== undefined) return replace(value, { path, erased: mark.erased ?? null });
  const inside = (inner: unknown, key: string | number, next: (place: Place) => readonly Place[]) =>
    visit(inner, { places: applied.flatMap(next), path: `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`, replace });
  if (Array.isArray(value)) return value.map((item, index) => inside(item, index, (place) => itemPlaces(place, index)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, inside(field, key, (place) => fieldPlaces(place, key))]));
}

/**
 * Marks a field of the data of an event that says something about a person. The log has it sealed, with a key of the person that `subject` of the event names; once
 * that key is deleted, readers get `erased` in its stead. The mark is `x-personal` in the documents.
 * *Default*: `erased` is null. The schema must take it, as with `.nullable()`.
 * @example data: z.object({ customerId: z.uuid(), email: personal(z.email().nullable()) })
 */
export function personal<S extends Schema>(schema: S, { erased = null }: { readonly erased?: string | number | boolean | null } = {}): S {
  const { meta } = schema as { readonly meta?: (more?: object) => object | undefined };
  const mark = { [personalMark]: { erased } };
  if (isZod(schema) && typeof meta === "function") return meta.call(schema, { ...meta.call(schema), ...mark }) as S;
  const standard = schema["~standard"];
  const marked = (side: "input" | "output") => (options: { readonly target: "draft-2020-12" }) => ({
    ...standard.jsonSchema?.[side](options),
    ...mark,
  });
  const jsonSchema = standard.jsonSchema && { input: marked("input"), output: marked("output") };
  return { "~standard": { ...standard, ...(jsonSchema && { jsonSchema }) } } as Schema as S;
}
