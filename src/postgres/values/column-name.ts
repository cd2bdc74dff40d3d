const camel = new Map<string, string>();
const maxRemembered = 10_000;

/** Writes a column's name as properties are written: `total_cents` is `totalCents`. */
export function camelCase(column: string): string {
  const known = camel.get(column);
  if (known !== undefined) return known;
  const name = column.replaceAll(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  if (camel.size < maxRemembered) camel.set(column, name);
  return name;
}
