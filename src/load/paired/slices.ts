import type { Round } from "./compare.ts";
import { middleOf } from "./interval.ts";

/** Who is measured: the version before the change, after it, and the one before it once more. */
export const sides = ["before", "after", "again"] as const;
/** One of {@link sides}. */
export type Side = (typeof sides)[number];

/** Every order of the three: what drifts by the time of a slice weighs the same on each side. */
const orders: readonly (readonly Side[])[] = [
  ["before", "after", "again"],
  ["again", "after", "before"],
  ["after", "again", "before"],
  ["before", "again", "after"],
  ["again", "before", "after"],
  ["after", "before", "again"],
];

/** The figures of one slice of load, such as the processor time of a call. Less is better; each is above 0. */
export type Slice = Readonly<Record<string, number>>;

/** One round: a slice on each side in every order, one at a time. *pair*: counts from 0; the slices of a pair are sent the same calls. */
export async function measureRound(measure: (side: Side, pair: number) => Promise<Slice>): Promise<Round> {
  const pairs: Readonly<Record<Side, Slice>>[] = [];
  for (const [pair, order] of orders.entries()) {
    const slices: Partial<Record<Side, Slice>> = {};
    for (const side of order) slices[side] = await measure(side, pair);
    pairs.push(slices as Record<Side, Slice>);
  }
  const against = (name: string, side: Side) => middleOf(pairs.map((pair) => Math.log(pair[side]![name]! / pair.before[name]!)));
  const names = Object.keys(pairs[0]!.before);
  return Object.fromEntries(names.map((name) => [name, { change: against(name, "after"), same: against(name, "again") }]));
}
