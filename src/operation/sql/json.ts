/** A value that is written as JSON. Made by {@link json}. */
export class JsonValue {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/**
 * Writes a value as JSON: for a `json` or `jsonb` parameter, where a text on its own could be either JSON or a string.
 *
 * *Shapes*: anything that JSON has, `bigint` as its digits, and what has a `toJSON`. A property that is undefined is left out. What JSON has no
 * form for (`NaN`, a `Set`, an undefined element, half a surrogate pair) is refused with its place.
 * @example await sql`update shop.orders set note = ${json(note)} where id = ${id}`.run()
 */
export function json(value: unknown): JsonValue {
  return new JsonValue(value);
}
