/** What a comparison of labels with what was read says. */
export interface Score {
  readonly right: number;
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
}

/** Compares what binds in a phrase with its labels; `a | b` is either, `? a` may bind or not. */
export function compared(phrase: string, labels: readonly string[], bound: readonly string[]): Score {
  const left = [...bound];
  const missed: string[] = [];
  let right = 0;
  for (const label of labels) {
    const at = left.findIndex((reading) => label.replace("? ", "").split(" | ").includes(reading));
    if (at !== -1) left.splice(at, 1);
    if (label.startsWith("? ")) continue;
    if (at === -1) missed.push(`${phrase}: ${label}`);
    else right += 1;
  }
  return { right, missed, wrong: left.map((reading) => `${phrase}: ${reading}`) };
}

/** Adds scores up. */
export function summed(scores: readonly Score[]): Score {
  return {
    right: scores.reduce((sum, { right }) => sum + right, 0),
    missed: scores.flatMap(({ missed }) => missed),
    wrong: scores.flatMap(({ wrong }) => wrong),
  };
}
