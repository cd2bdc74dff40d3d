import type { Result } from "../harness/report.ts";
import { round } from "../harness/rounds.ts";

interface Figures {
  readonly name: string;
  readonly scenario: string;
  /** Goodput ÷ that of the ideal refuser in the same run; of streams that compete, ÷ that of the same stream alone. */
  readonly goodputRatio: number;
  readonly admittedP99Ms: number;
  readonly deadlineMs: number;
  readonly criticalRefused: number;
  /** From the end of the overload until nothing is refused, late or failed any more; 0 where the load does not change. */
  readonly recoveryMs: number;
  /** Calls per second that succeeded within their deadline. */
  readonly goodput?: number;
  /** Calls per second that were offered, where the scenario is one of a ramp. */
  readonly offered?: number;
}

/** What one scenario showed of one contender. */
export type Row = Result & Figures;

/** The figures that every row has. */
export const finite = ["goodputRatio", "admittedP99Ms", "deadlineMs", "criticalRefused", "recoveryMs"] as const;

/** Figures that are shown, rounded. */
export function rowOf({ goodputRatio, admittedP99Ms, recoveryMs, ...rest }: Figures): Row {
  const ratio = round(goodputRatio);
  const row = { ...rest, goodputRatio: ratio, admittedP99Ms: round(admittedP99Ms), recoveryMs: Math.round(recoveryMs), ratio, ratioIqr: 0 };
  return rest.name === "fastify" ? { ...row, peer: true } : row;
}
