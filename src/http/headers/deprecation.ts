import type { Day, Deprecated } from "../../operation/online/deprecated.ts";

const dayMs = 86_400_000;
const written = new WeakMap<Deprecated, readonly string[]>();

/**
 * Appends since when an operation is deprecated, and from when on it may be gone: the day after the last one.
 * *Source*: RFC 9745 (`Deprecation`), RFC 8594 (`Sunset`).
 */
export function pushDeprecation(headers: string[], deprecated: Deprecated): void {
  let pairs = written.get(deprecated);
  if (pairs === undefined) {
    const sunset = new Date(startOf(deprecated.removeAfter) + dayMs).toUTCString();
    pairs = ["deprecation", `@${startOf(deprecated.since) / 1_000}`, "sunset", sunset];
    written.set(deprecated, pairs);
  }
  headers.push(...pairs);
}

/** Says what is wrong with it; undefined where nothing is. */
export function deprecationProblem({ since, removeAfter, use }: Deprecated, operations: ReadonlyMap<string, unknown>): string | undefined {
  for (const day of [since, removeAfter]) if (!isDay(day)) return `"${day}" is not a day. Write one as in "2026-10-01".`;
  if (removeAfter < since) return `It would be removed on ${removeAfter}, before it is deprecated on ${since}. Name a later day.`;
  if (use !== undefined && !operations.has(use)) return `The app has no operation "${use}" to use in its place. Name one that it has.`;
  return undefined;
}

/** *Units*: milliseconds since the Unix epoch. */
function startOf(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function isDay(day: unknown): boolean {
  return (
    typeof day === "string" &&
    /^\d{4}-\d\d-\d\d$/.test(day) &&
    Number.isFinite(Date.parse(`${day}T00:00:00Z`)) &&
    new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
  );
}
