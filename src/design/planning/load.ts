import { perSecond, timeMs } from "../quantities/quantity.ts";
import { readQuantities } from "../quantities/read-quantities.ts";
import type { Need } from "../reading/needs.ts";

/** What the plan of a design assumes where neither the document nor an answer says it. */
export const planningDefaults = {
  /** The peak of a day, as a multiple of its mean. */
  peakFactor: 5,
  /** Time between two requests of a user who is online. *Units*: milliseconds. */
  thinkTimeMs: 10_000,
  /** Requests of an active user a day. */
  requestsPerUser: 20,
  /** Of an operation that states none. *Units*: milliseconds. */
  deadlineMs: 300,
  /** Share of requests that write. */
  writeShare: 0.2,
  /** Demand of one request on the event loop. *Units*: milliseconds. */
  loopMs: 2,
  /** How busy an event loop may be. */
  loopShare: 0.6,
  /** Demand of one request on the CPU of PostgreSQL. *Units*: milliseconds. */
  databaseMs: 1,
  databaseCores: 4,
  maxConnections: 100,
  /** Bytes that a write leaves, with indexes. */
  bytesPerWrite: 1_000,
  storageBytes: 500e9,
} as const;

/** Overrides of {@link planningDefaults} by answers. */
export interface PlanningFigures {
  readonly peakFactor: number;
  readonly thinkTimeMs: number;
  readonly requestsPerUser: number;
}

/** Is the load that a design is made for, with the formula that it was computed by. */
export interface Load {
  /** *Units*: requests per second. */
  readonly peak: number;
  readonly mean: number;
  readonly status: "stated" | "derived" | "missing";
  readonly formula: string;
  /** The needs that it was computed from. */
  readonly from: readonly string[];
}

/** Computes the load at peak from what the needs say: a rate first, then users who are online, then users of a day. */
export function loadOf(needs: readonly Need[], figures: PlanningFigures): Load {
  const { peakFactor, thinkTimeMs, requestsPerUser } = figures;
  const rates = needs.filter(
    ({ quantity }) => quantity.measure === "rate" && !["user", "tenant", "address", "key"].includes(quantity.per ?? ""),
  );
  const rate = highest(rates, ({ quantity }) => perSecond(quantity) * (isMean(quantity) ? peakFactor : 1));
  if (rate !== undefined) {
    const value = perSecond(rate.quantity);
    return isMean(rate.quantity)
      ? {
          peak: value * peakFactor,
          mean: value,
          status: "derived",
          formula: `${figure(value)}/s × peak factor ${peakFactor}`,
          from: [rate.id],
        }
      : { peak: value, mean: value / peakFactor, status: "stated", formula: `${figure(value)}/s`, from: [rate.id] };
  }
  const online = highest(
    needs.filter(({ quantity }) => quantity.active === "concurrent" || quantity.measure === "concurrency"),
    amount,
  );
  if (online !== undefined) {
    const users = amount(online);
    const peak = users / (thinkTimeMs / timeMs.second);
    return {
      peak,
      mean: peak / peakFactor,
      status: "derived",
      formula: `N / (R + Z) = ${figure(users)} / ${thinkTimeMs / timeMs.second} s`,
      from: [online.id],
    };
  }
  const users = highest(
    needs.filter(({ quantity }) => quantity.measure === "users"),
    amount,
  );
  if (users === undefined) return { peak: 0, mean: 0, status: "missing", formula: "", from: [] };
  const mean = (amount(users) * requestsPerUser * timeMs.second) / timeMs.day;
  return {
    peak: mean * peakFactor,
    mean,
    status: "derived",
    formula: `${figure(amount(users))} users × ${requestsPerUser}/day × peak factor ${peakFactor} / 86400 s`,
    from: [users.id],
  };
}

/** The highest latency of the whole service, or the highest, or what a question takes. *Units*: milliseconds. */
export function deadlineOf(needs: readonly Need[], fallback?: string): number {
  const latencies = needs.filter(({ quantity }) => quantity.measure === "latency" && quantity.value <= timeMs.minute);
  const whole = latencies.filter(({ topic }) => topic === "");
  const chosen = whole.length > 0 ? whole : latencies;
  const values = chosen.map(({ quantity }) => quantity.value);
  if (values.length > 0) return Math.max(...values);
  return readQuantities(fallback ?? "").find(({ unit }) => unit === "ms")?.value ?? planningDefaults.deadlineMs;
}

function isMean({ windowMs, load }: Need["quantity"]): boolean {
  return load === "average" || (load === undefined && (windowMs ?? 0) >= timeMs.hour);
}

function amount({ quantity }: Need): number {
  return quantity.upper ?? quantity.value;
}

function highest(needs: readonly Need[], by: (need: Need) => number): Need | undefined {
  return needs.reduce<Need | undefined>((best, need) => (best === undefined || by(need) > by(best) ? need : best), undefined);
}

/** Writes a number with at most three digits that count. */
export function figure(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}

/** One resource at one multiple of the load. */
export interface ResourceUse {
  readonly resource: "event loop" | "PostgreSQL CPU" | "PostgreSQL connections" | "storage in a year";
  /** Used share of what may be used: above 1 it has given out. */
  readonly share: number;
  readonly formula: string;
}

/** The resources at a multiple of the load, the scarcest first. */
export interface Scale {
  readonly times: number;
  readonly peak: number;
  readonly replicas: number;
  readonly uses: readonly ResourceUse[];
}
