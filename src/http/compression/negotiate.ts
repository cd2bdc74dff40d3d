/** The codings that a server can choose from, the best first. */
export const codings = ["zstd", "br", "gzip"] as const;

/** A content coding. */
export type Coding = (typeof codings)[number];

const item = /^\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/i;
const mostItems = 16;

/**
 * Returns the coding that a client likes best, or undefined where it takes none of ours, or likes the bytes as they are better.
 * *Bounds*: the first 16 items count. *Source*: RFC 9110 §12.5.3.
 */
export function chooseCoding(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const qualities = new Map<string, number>();
  for (const part of acceptEncoding.split(",", mostItems)) {
    const [, name, quality = "1"] = item.exec(part) ?? [];
    if (name === undefined) continue;
    const lower = name.toLowerCase();
    qualities.set(lower === "x-gzip" ? "gzip" : lower, Math.min(1, Number(quality)));
  }
  const other = qualities.get("*") ?? 0;
  let best: Coding | undefined;
  // Without a word about it, the bytes as they are are acceptable, and worse than what is named.
  let most = qualities.get("identity") ?? 0;
  for (const coding of codings) {
    const quality = qualities.get(coding) ?? other;
    if (quality > 0 && (quality > most || (best === undefined && quality === most))) [best, most] = [coding, quality];
  }
  return best;
}
