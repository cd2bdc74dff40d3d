import assert from "node:assert";

type DurationUnit = "ms" | "s" | "m" | "h" | "d";

/** A length of time: milliseconds as a number, or a text of a number and its unit, as in `"250ms"`, `"5s"`, `"10m"`, `"1h"`, `"7d"`. */
export type Duration = number | `${number}${DurationUnit}`;

const unitMs: Record<DurationUnit, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a duration as milliseconds, or says that it is none.
 * *Units*: milliseconds. *Bounds*: finite, not negative. Returns `undefined` for anything else.
 */
export function parseDuration(duration: unknown): number | undefined {
  if (typeof duration === "number") return Number.isFinite(duration) && duration >= 0 ? duration : undefined;
  if (typeof duration !== "string") return undefined;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  return match ? Number(match[1]) * unitMs[match[2] as DurationUnit] : undefined;
}

/** Converts a duration that was already checked to milliseconds. Asserts that it is one. */
export function toMs(duration: Duration): number {
  const ms = parseDuration(duration);
  assert(ms !== undefined, `"${duration}" is not a duration. Write milliseconds, or a number with ms, s, m, h or d, as in "250ms".`);
  return ms;
}

/** Writes milliseconds as people read them: `250ms`, `1.5s`, `10m`. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms * 10) / 10}ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10}s`;
  if (ms < 3_600_000) return `${Math.round(ms / 6_000) / 10}m`;
  return `${Math.round(ms / 360_000) / 10}h`;
}
