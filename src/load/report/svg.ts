import type { Trial } from "../lab/search.ts";

const size = { width: 560, height: 260, left: 60, top: 30, bottom: 40 } as const;

/** What a picture shows. */
export interface Picture {
  readonly trials: readonly Trial[];
  readonly deadlineMs: number;
  readonly line: number;
  readonly predicted: number | undefined;
  readonly words: {
    readonly rate: string;
    readonly latency: string;
    readonly deadline: string;
    readonly measured: string;
    readonly predicted: string;
  };
}

/** Draws latency against load: p50 and p99 of each run, the deadline, the line that was measured and the one that was predicted. */
export function drawLatency({ trials, deadlineMs, line, predicted, words }: Picture): string {
  const { width, height, left, top, bottom } = size;
  const [right, floor] = [width - 20, height - bottom];
  const most = Math.max(line, predicted ?? 0, ...trials.map(({ rate }) => rate)) * 1.05 || 1;
  const highest = deadlineMs * 1.5;
  const x = (rate: number): string => (left + (rate / most) * (right - left)).toFixed(1);
  const y = (ms: number): string => (floor - (Math.min(ms, highest) / highest) * (floor - top)).toFixed(1);
  const sorted = trials.toSorted((one, other) => one.rate - other.rate);
  const curve = (of: (trial: Trial) => number, colour: string) =>
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${sorted.map((trial) => `${x(trial.rate)},${y(of(trial))}`).join(" ")}"/>`;
  const upright = (rate: number, { colour, label, at }: { readonly colour: string; readonly label: string; readonly at: number }) =>
    `<line x1="${x(rate)}" y1="${top}" x2="${x(rate)}" y2="${floor}" stroke="${colour}" stroke-dasharray="5 3"/><text x="${x(rate)}" y="${at}" text-anchor="end" fill="${colour}">${label} ${Math.round(rate)}/s </text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="white"/>',
    `<path d="M${left} ${top}V${floor}H${right}" fill="none" stroke="#345"/>`,
    `<text x="${right}" y="${height - 12}" text-anchor="end">${words.rate} (≤ ${Math.round(most)}/s)</text>`,
    `<text x="8" y="18">${words.latency} p50, p99 (≤ ${Math.round(highest)} ms)</text>`,
    `<line x1="${left}" y1="${y(deadlineMs)}" x2="${right}" y2="${y(deadlineMs)}" stroke="#c8553d"/><text x="${left + 4}" y="${Number(y(deadlineMs)) - 4}" fill="#c8553d">${words.deadline} ${deadlineMs} ms</text>`,
    curve(({ p50Ms }) => p50Ms, "#7aa6c2"),
    curve(({ p99Ms }) => p99Ms, "#0b4f6c"),
    upright(line, { colour: "#0b6e4f", label: words.measured, at: top + 12 }),
    ...(predicted === undefined ? [] : [upright(predicted, { colour: "#8a6d00", label: words.predicted, at: top + 26 })]),
    "</svg>",
    "",
  ].join("\n");
}
