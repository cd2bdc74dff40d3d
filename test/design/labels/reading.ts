import type { Quantity } from "../../../src/design/quantities/quantity.ts";

/** Writes a quantity as a label writes it. */
export function readingOf({ measure, bound, value, windowMs, statistic, load, per }: Quantity): string {
  return [`${measure} ${bound} ${value}`, windowMs === undefined ? "" : `per ${windowMs}`, statistic, load, per]
    .filter((part) => part !== undefined && part !== "")
    .join(" ");
}
