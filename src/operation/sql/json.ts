/** A value that is written as JSON. Made by {@link json}. */
export class JsonValue {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/**
 * Writes a value as JSON, for a `json` or `jsonb` parameter. Without it, a text is taken as JSON and not as a string.
 *
 * *Shapes*: any JSON value, a `bigint` (as its digits), and an object with `toJSON`. A property that is undefined is left out. A value without a JSON
 * form (`NaN`, a `Set`, an undefined element, half a surrogate pair) is refused with its place.
 * @example await sql`update shop.orders set note = ${json(note)} where id = ${id}`.run()
 */
export function json(value: unknown): JsonValue {
  return new JsonValue(value);
}
