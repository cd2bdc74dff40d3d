/** Returns the candidates that a misspelt word is nearest to, best first; none where all are too far to be meant. */
export function nearest(word: string, candidates: readonly string[]): readonly string[] {
  const written = word.toLowerCase();
  const near = candidates
    .map((name) => ({ name, distance: name.toLowerCase().startsWith(written) ? 1 : distanceOf(written, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(written.length, name.length) / 2)));
  const best = Math.min(...near.map(({ distance }) => distance));
  return near.filter(({ distance }) => distance === best).map(({ name }) => name);
}

/** The number of letters to insert, delete, replace or swap. *Source*: optimal string alignment, after Damerau (1964). */
function distanceOf(from: string, into: string): number {
  const [a, b] = [[...from], [...into]];
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY;
      rows[i]![j] = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same, swapped);
    }
  return rows[a.length]![b.length]!;
}
