/** Says whether a line divides the head of a table from its rows, as in `|---|:--:|`. */
export function isDelimiter(line: string): boolean {
  return line.includes("|") && /^[\s>]*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/.test(line);
}

/** Divides a row of a table into its cells, with the offset in the line at which each begins. */
export function cellsOf(line: string): readonly { readonly text: string; readonly at: number }[] {
  const cells: { text: string; at: number }[] = [];
  let from = /^\s*\|?/.exec(line)![0].length;
  for (let index = from; index <= line.length; index++) {
    const isEnd = index === line.length;
    if (!isEnd && (line[index] !== "|" || line[index - 1] === "\\")) continue;
    const raw = line.slice(from, index);
    // What follows the last bar of a row is not a cell.
    if (!isEnd || raw.trim() !== "") cells.push({ text: raw.trim(), at: from + (raw.length - raw.trimStart().length) });
    from = index + 1;
  }
  return cells;
}
