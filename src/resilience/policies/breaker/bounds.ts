import assert from "node:assert";
import { type Duration, formatMs, toMs } from "../../../core/duration.ts";
import { limits } from "../../../core/limits.ts";
import type { BreakerOptions } from "./breaker.ts";
import type { BreakerBounds } from "./state.ts";

/** Reads the options of a breaker, with its defaults. Asserts that they are in bounds. */
export function readBounds(options: BreakerOptions): BreakerBounds {
  const { ratio = 0.5, minimumCalls = 20, consecutive = 10, probes = 3, slow } = options;
  const slowRatio = slow?.ratio ?? 0.5;
  const openMs = readTime("openFor", options.openFor ?? "500ms", 1);
  const longestOpenMs = readTime("longestOpenFor", options.longestOpenFor ?? Math.max(1_000, openMs), openMs);
  readShare("ratio", ratio === false ? 1 : ratio);
  readShare("slow.ratio", slowRatio);
  readCount("minimumCalls", minimumCalls, 100_000);
  readCount("consecutive", consecutive === false ? 1 : consecutive, 100_000);
  readCount("probes", probes, 100);
  return {
    ratio: ratio === false ? Number.POSITIVE_INFINITY : ratio,
    minimumCalls,
    windowMs: readTime("window", options.window ?? "10s", 100),
    consecutive: consecutive === false ? Number.POSITIVE_INFINITY : consecutive,
    slowMs: slow === undefined ? Number.POSITIVE_INFINITY : readTime("slow.after", slow.after, 1),
    slowRatio,
    openMs,
    longestOpenMs,
    probes,
  };
}

function readTime(name: string, duration: Duration, leastMs: number): number {
  const ms = toMs(duration);
  assert(
    ms >= leastMs && ms <= limits.deadlineMs,
    `breaker: ${name} is ${formatMs(ms)}. Write a time from ${formatMs(leastMs)} to ${formatMs(limits.deadlineMs)}.`,
  );
  return ms;
}

function readShare(name: string, share: number): void {
  assert(share > 0 && share <= 1, `breaker: ${name} is ${share}. Write a number above 0, at most 1.`);
}

function readCount(name: string, count: number, most: number): void {
  assert(Number.isInteger(count) && count >= 1 && count <= most, `breaker: ${name} is ${count}. Write a whole number from 1 to ${most}.`);
}
