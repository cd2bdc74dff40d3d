/** Is a text in Unicode form NFKC whose every position knows its place in the original. */
export interface Normalized {
  readonly text: string;
  /** Returns where in the original the character at `index` begins. */
  originalStart(index: number): number;
  /** Returns where in the original the character before `index` ends. */
  originalEnd(index: number): number;
}

const fullWidthDigit = /[０-９]/;

/**
 * Writes a text in NFKC, so that `１０，０００` reads as `10,000` and `㎳` as `ms`, and keeps the way to the original positions.
 * *Guarantees*: a full-width comma stays one, and so separates clauses, unless it stands between full-width digits.
 */
export function normalize(original: string): Normalized {
  if (!/[^\n -~\u4e00-\u9fff。、“”‘’—–≥≤]/.test(original)) {
    return { text: original, originalStart: (index) => index, originalEnd: (index) => index };
  }
  const starts: number[] = [];
  const ends: number[] = [];
  let text = "";
  // A character and the marks that combine with it are normalized together.
  for (const { 0: cluster, index } of original.matchAll(/\P{M}\p{M}*|\p{M}+/gsu)) {
    const written = cluster === "，" && !betweenDigits(original, index) ? cluster : cluster.normalize("NFKC");
    text += written;
    for (let at = 0; at < written.length; at++) {
      starts.push(index);
      ends.push(index + cluster.length);
    }
  }
  return {
    text,
    originalStart: (index) => starts[index] ?? original.length,
    originalEnd: (index) => (index === 0 ? 0 : (ends[index - 1] ?? original.length)),
  };
}

function betweenDigits(original: string, index: number): boolean {
  return fullWidthDigit.test(original[index - 1] ?? "") && fullWidthDigit.test(original[index + 1] ?? "");
}
