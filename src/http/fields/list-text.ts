const item = /\s*((?:"(?:[^"\\]|\\.)*"|[^,"])*)(?:,|$)/y;

/** Splits a header that is a list at its commas, but not at those within quotes. *Source*: RFC 9110 §5.6.1. */
export function listItems(text: string): string[] {
  const items: string[] = [];
  let from = 0;
  item.lastIndex = from;
  for (let found = item.exec(text); found !== null; found = item.exec(text)) {
    const value = (found[1] as string).trim();
    if (value !== "") items.push(unquoted(value));
    from = item.lastIndex;
    if (from >= text.length) return items;
  }
  // A quote that does not end: the rest is one item, which the schema judges.
  return [...items, text.slice(from).trim()];
}

function unquoted(text: string): string {
  return /^"(?:[^"\\]|\\.)*"$/.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/g, "$1") : text;
}
