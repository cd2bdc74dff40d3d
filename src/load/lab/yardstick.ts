import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../../core/clock.ts";

const text = JSON.stringify(
  Array.from({ length: 50 }, (_, index) => ({ id: index, name: `item ${index}`, prices: [index, index * 2, index * 3] })),
);

/** Work that has nothing to do with the app: read and write JSON, and hash it. Returns how often it was done in a second. */
export function yardstick(ms = 40, clock: Clock = systemClock): number {
  const start = clock.monotonic();
  let count = 0;
  while (clock.monotonic() - start < ms) {
    createHash("sha256")
      .update(JSON.stringify(JSON.parse(text)))
      .digest();
    count++;
  }
  return (count * 1_000) / (clock.monotonic() - start);
}
