/** A place in a reply, from its end to its beginning. */
export interface Path {
  readonly before: Path | undefined;
  readonly key: string | number;
}

/** Returns a place from its beginning on, as errors say it. */
export function pathOf(path: Path | undefined): readonly (string | number)[] {
  const keys: (string | number)[] = [];
  for (let at = path; at !== undefined; at = at.before) keys.push(at.key);
  return keys.reverse();
}
