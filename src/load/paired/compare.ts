import assert from "node:assert";
import { bootstrap, type Interval } from "./interval.ts";

/** What one round says of one figure: logarithms of ratios, each the middle of several pairs. */
export interface RoundFigure {
  /** The version after the change, against the one before it. */
  readonly change: number;
  /** The version before the change, against itself in another process. */
  readonly same: number;
}

/** What one round says, by figure. Its processes are started for it, so that one round says nothing of the next. */
export type Round = Readonly<Record<string, RoundFigure>>;

/** Options of {@link compareRounds}. */
export interface CompareOptions {
  /** Measures one round. *index*: counts from 0, also over a confirmation. */
  round(index: number): Promise<Round>;
  readonly random: () => number;
  /** A change up to this is not a regression. *Default*: 0.03. */
  readonly threshold?: number;
  /** A regression from here up is found, or the comparison says that it is not shown. *Default*: 0.1. */
  readonly sought?: number;
  /** Rounds before the first look. *Bounds*: from 6. *Default*: 8. */
  readonly least?: number;
  /** Rounds at most; a confirmation takes as many again. *Default*: 40. */
  readonly most?: number;
}

/** How one figure stands: a regression was found and confirmed, one as large as was sought is excluded, or neither can be said on this machine. */
export type PairedVerdict = "regression" | "fine" | "not shown";

/** What was found of one figure. Intervals are of ratios: 1.1 takes a tenth more. */
export interface ComparedFigure {
  readonly verdict: PairedVerdict;
  readonly change: Interval;
  /** The same version against itself: how far off this machine is where nothing has changed. */
  readonly same: Interval;
}

/** What a comparison found. */
export interface Comparison {
  readonly figures: Readonly<Record<string, ComparedFigure>>;
  /** Rounds that were measured, with those of a confirmation. */
  readonly rounds: number;
}

interface Look {
  readonly change: Interval;
  readonly same: Interval;
  readonly isBeyond: boolean;
  /** A regression as large as was sought lies outside of the interval. */
  readonly isExcluded: boolean;
  /** The interval is narrow enough for one that is there to be found. */
  readonly isNarrow: boolean;
  /** How many rounds would make the intervals narrow enough. */
  readonly enough: number;
}

/**
 * Compares two versions by rounds of paired runs, as many as the noise asks for.
 * *Guarantees*: a regression is named only if the interval of the ratio lies beyond the threshold, and beyond what the same version shows against itself, twice:
 * in the rounds that raised the suspicion, and in as many new ones. A figure is fine only if its interval excludes a regression as large as was sought.
 */
export async function compareRounds(options: CompareOptions): Promise<Comparison> {
  const { round, least = 8, most = 40 } = options;
  assert(least >= 6 && most >= least, `least is from 6, and most from least: not ${least} and ${most}`);
  const rounds: Round[] = [];
  let count = 0;
  const measure = async (until: number): Promise<readonly Round[]> => {
    const measured: Round[] = [];
    while (measured.length < until) measured.push(await round(count++));
    return measured;
  };
  for (let wanted = least; ; ) {
    rounds.push(...(await measure(wanted - rounds.length)));
    let looks = lookAt(rounds, options);
    const suspects = [...looks].filter(([, { isBeyond }]) => isBeyond).map(([name]) => name);
    let confirmed: readonly string[] = [];
    if (suspects.length > 0) {
      const again = await measure(Math.min(rounds.length, most));
      const second = lookAt(again, options);
      confirmed = suspects.filter((name) => second.get(name)!.isBeyond);
      rounds.push(...again);
      looks = lookAt(rounds, options);
    }
    const open = [...looks.values()].filter(({ isExcluded, isNarrow }) => !isExcluded || !isNarrow);
    const isDone = confirmed.length > 0 || open.length === 0;
    if (isDone || rounds.length >= most) return comparison(looks, { confirmed, count });
    wanted = Math.min(most, Math.max(rounds.length + 2, ...open.map(({ enough }) => enough)));
  }
}

function comparison(
  looks: ReadonlyMap<string, Look>,
  { confirmed, count }: { readonly confirmed: readonly string[]; readonly count: number },
): Comparison {
  const figures = [...looks].map(([name, look]): readonly [string, ComparedFigure] => {
    const verdict = confirmed.includes(name) ? "regression" : look.isExcluded ? "fine" : "not shown";
    return [name, { verdict, change: ratioOf(look.change), same: ratioOf(look.same) }];
  });
  return { figures: Object.fromEntries(figures), rounds: count };
}

function lookAt(rounds: readonly Round[], { random, threshold = 0.03, sought = 0.1 }: CompareOptions): ReadonlyMap<string, Look> {
  const [from, to] = [Math.log1p(threshold), Math.log1p(sought)];
  assert(threshold >= 0 && sought > threshold, `sought is above threshold, not ${sought} and ${threshold}`);
  // A regression as large as was sought then lies three of its standard errors beyond the threshold.
  const narrow = (to - from) * 0.35;
  const looks = Object.keys(rounds[0]!).map((name): readonly [string, Look] => {
    const change = bootstrap(
      rounds.map((each) => each[name]!.change),
      random,
    );
    const same = bootstrap(
      rounds.map((each) => each[name]!.same),
      random,
    );
    const floor = Math.max(-same.low, same.high);
    const half = (change.high - change.low) / 2;
    const isNarrow = half <= narrow && floor < to;
    const isExcluded = change.high < to && floor < to;
    const byWidth = Math.ceil(rounds.length * (half / narrow) ** 2);
    const enough = isNarrow ? Math.ceil(rounds.length * 1.5) : byWidth;
    return [name, { change, same, isBeyond: change.low > Math.max(from, floor), isExcluded, isNarrow, enough }];
  });
  return new Map(looks);
}

function ratioOf({ middle, low, high }: Interval): Interval {
  return { middle: Math.exp(middle), low: Math.exp(low), high: Math.exp(high) };
}
