/** How long an objective looks back. *Units*: days. */
export const periodDays = 30;

/**
 * A pair of windows that raises an alert: `long` says that it matters, `short` that it still goes on.
 * `share` of the budget for errors of the whole period is used up in `long`, so that the budget burns `burn` times faster than it may.
 */
export interface BurnWindow {
  readonly long: string;
  readonly short: string;
  readonly share: number;
  readonly burn: number;
  readonly severity: "page" | "ticket";
}

const hours = { "1h": 1, "6h": 6, "1d": 24, "3d": 72 } as const;

function window(long: keyof typeof hours, short: string, { share, severity }: Pick<BurnWindow, "share" | "severity">): BurnWindow {
  return { long, short, share, burn: Number(((share * periodDays * 24) / hours[long]).toFixed(3)), severity };
}

/** *Source*: "Alerting on SLOs" in the Site Reliability Workbook. */
export const burnWindows: readonly BurnWindow[] = [
  window("1h", "5m", { share: 0.02, severity: "page" }),
  window("6h", "30m", { share: 0.05, severity: "page" }),
  window("1d", "2h", { share: 0.1, severity: "ticket" }),
  window("3d", "6h", { share: 0.1, severity: "ticket" }),
];

/** Every window that a rule is recorded for, the shortest first. */
export const recordedWindows: readonly string[] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", `${periodDays}d`];

/**
 * Failures within the long window below which no burn of the budget is alerted: of few requests, one failure is a large share.
 * Below it a ticket counts failures ({@link fewFailures}).
 */
export const leastFailures = 10;

/** So many failures of an operation within a day are a ticket, however few requests there were. */
export const fewFailures = 3;
