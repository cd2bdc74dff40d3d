import { designLimits } from "../limits.ts";
import type { Block } from "./blocks.ts";
import type { Positions } from "./positions.ts";

/** How much of a document was understood, and which lines were not. */
export interface Understood {
  /** From 0 to 1, by characters. */
  readonly share: number;
  /** Ranges of lines, both ends included. */
  readonly unread: readonly { readonly from: number; readonly to: number }[];
  /** Further ranges that the list has no place for. */
  readonly more: number;
}

/** Compares what was found with what was there. `starts` are the offsets of all that was found. */
export function understoodShare(blocks: readonly Block[], starts: readonly number[], positions: Positions): Understood {
  const sorted = starts.toSorted((one, other) => one - other);
  const counted = blocks.filter(({ kind, text, at }) => kind !== "heading" && text.length > 1 && at?.row !== 0);
  let read = 0;
  let all = 0;
  const lines: number[] = [];
  for (const block of counted) {
    all += block.text.length;
    if (isHit(sorted, block.start, block.start + block.text.length)) read += block.text.length;
    else lines.push(positions.at(block.start).line);
  }
  const ranges = rangesOf(lines);
  return {
    share: all === 0 ? 0 : Math.round((read / all) * 1000) / 1000,
    unread: ranges.slice(0, designLimits.unreadRanges),
    more: Math.max(ranges.length - designLimits.unreadRanges, 0),
  };
}

function isHit(sorted: readonly number[], from: number, to: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && sorted[low]! < to;
}

function rangesOf(lines: readonly number[]): readonly { readonly from: number; readonly to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last !== undefined && line <= last.to + 1) last.to = Math.max(last.to, line);
    else ranges.push({ from: line, to: line });
  }
  return ranges;
}
