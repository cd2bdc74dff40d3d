import { applying, fieldPlaces, itemPlaces, type Place } from "./marks/places.ts";
import type { JsonSchema } from "./standard.ts";

const hidden = "[secret]";

type Redact = (value: unknown) => unknown;

/**
 * Makes the function that hides what the documents mark with `x-secret`; undefined where they mark nothing.
 * A place is secret when any schema that may apply to it says so: which branch of a union a value meant is not asked.
 */
export function makeRedact(documents: readonly JsonSchema[]): Redact | undefined {
  if (!documents.some(marks)) return undefined;
  const roots = documents.map((document) => ({ schema: document, document }));
  return (value) => redact(value, roots);
}

/** Whether a mark stands anywhere in the document. */
function marks(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return ("x-secret" in node && node["x-secret"] === true) || Object.values(node).some(marks);
}

function redact(value: unknown, places: readonly Place[]): unknown {
  if (value === undefined || places.length === 0) return value;
  const applied = applying(places);
  if (applied.some(({ schema }) => schema["x-secret"] === true)) return hidden;
  if (Array.isArray(value))
    return value.map((item, index) =>
      redact(
        item,
        applied.flatMap((place) => itemPlaces(place, index)),
      ),
    );
  if (typeof value !== "object" || value === null || !marksAny(applied)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      redact(
        field,
        applied.flatMap((place) => fieldPlaces(place, key)),
      ),
    ]),
  );
}

/** Keeps what is no plain data (a date) as it is, where nothing inside it is described. */
function marksAny(places: readonly Place[]): boolean {
  return places.some(({ schema }) =>
    ["properties", "additionalProperties", "patternProperties", "unevaluatedProperties"].some((key) => key in schema),
  );
}
