import assert from "node:assert";

/** Values that stand after `in`. Made by {@link list}. */
export class ListValue {
  readonly values: readonly unknown[];
  constructor(values: readonly unknown[]) {
    this.values = values;
  }
}

/**
 * Writes the values after `in` or `not in`.
 *
 * *Guarantees*: it is one parameter, an array, for any number of values: `id in ${list(ids)}` is sent as `id = any($1)`, and `not in` as
 * `<> all($1)`. With an empty list `in` finds nothing, and `not in` everything.
 * @example await sql(Order)`select id, total_cents from shop.orders where id in ${list(ids)}`.many()
 */
export function list(values: readonly unknown[]): ListValue {
  for (const value of values) {
    assert(value !== undefined, "a value of list(…) is undefined: leave it out");
    assert(!Array.isArray(value), "list(…) takes single values: compare rows with = any (select … from unnest(…))");
  }
  return new ListValue(values);
}

const afterIn = /\b(not\s+)?in\s*$/i;

/** The text before a list, with the operator by which one array does what `in` does with many parameters; what closes it comes after. */
export function beforeList(text: string): string {
  const found = afterIn.exec(text);
  assert(
    found !== null,
    `list(…) stands right after in or not in, without parentheses; anywhere else write an array, as in = any(\${ids})`,
  );
  return `${text.slice(0, found.index)}${found[1] === undefined ? "= any(" : "<> all("}`;
}

/** Refuses an array where the text before it calls for a list. */
export function refuseArrayAfterIn(text: string): void {
  assert(!afterIn.test(text), `an array stands after in: write in \${list(ids)}, or = any(\${ids})`);
}
