import type { LoadLine } from "./load-line.ts";

const shared = new Set<LoadLine>();

/** Declares limits of what all apps of a process share, as its threads: each app that is created from now on lists them. */
export function shareLines(lines: Iterable<LoadLine>): void {
  for (const line of lines) shared.add(line);
}

/** The limits that all apps of this process share. */
export function sharedLines(): Iterable<LoadLine> {
  return shared;
}
