import type { StationKind } from "../../../src/capacity/model/system.ts";

/** What the app of the campaign does. */
export interface RealConfiguration {
  readonly name: string;
  readonly bottleneck: StationKind;
  readonly loopMs: number;
  /** Rows that PostgreSQL counts: its processors. */
  readonly rows: number;
  /** How long a statement sleeps. */
  readonly sleepMs: number;
  readonly upstreamMs: number;
  readonly upstreamConnections: number;
  readonly pool: number;
  readonly slots: number;
}

const none = { loopMs: 0, rows: 0, sleepMs: 0, upstreamMs: 0, upstreamConnections: 0, pool: 16, slots: 64 };

/** Each station holds the line at least twice. */
export const realConfigurations: readonly RealConfiguration[] = [
  { ...none, name: "computes 3 ms", bottleneck: "loop", loopMs: 3 },
  { ...none, name: "computes 6 ms beside a query", bottleneck: "loop", loopMs: 6, rows: 1_000 },
  { ...none, name: "computes 4 ms around a call", bottleneck: "loop", loopMs: 4, upstreamMs: 20 },
  { ...none, name: "sleeps 40 ms on 4 connections", bottleneck: "pool", sleepMs: 40, pool: 4 },
  { ...none, name: "sleeps 80 ms on 8 connections", bottleneck: "pool", sleepMs: 80, pool: 8 },
  { ...none, name: "4 slots around 30 ms", bottleneck: "slots", upstreamMs: 30, slots: 4 },
  { ...none, name: "8 slots around 60 ms", bottleneck: "slots", upstreamMs: 60, slots: 8 },
  { ...none, name: "6 slots around a sleep of 40 ms", bottleneck: "slots", sleepMs: 40, slots: 6 },
  { ...none, name: "4 connections to 40 ms", bottleneck: "upstream", upstreamMs: 40, upstreamConnections: 4 },
  { ...none, name: "6 connections to 80 ms", bottleneck: "upstream", upstreamMs: 80, upstreamConnections: 6 },
  { ...none, name: "counts 100,000 rows", bottleneck: "postgres", rows: 100_000 },
  { ...none, name: "counts 300,000 rows", bottleneck: "postgres", rows: 300_000 },
];
