import type { Result } from "../harness/report.ts";
import { round } from "../harness/rounds.ts";
import type { Server } from "../harness/server.ts";
import type { Stream, StreamResult } from "./load.ts";

interface Figures {
  readonly name: string;
  readonly scenario: string;
  /** Goodput ÷ that of the ideal refuser in the same run; of streams that compete, ÷ that of the same stream alone. */
  readonly goodputRatio: number;
  readonly admittedP99Ms: number;
  readonly deadlineMs: number;
  readonly criticalRefused: number;
  /** From the end of the overload until nothing is refused or late any more; 0 where the load does not change. */
  readonly recoveryMs: number;
  /** Calls per second that succeeded within their deadline. */
  readonly goodput?: number;
}

/** What one scenario showed of one contender. */
export type Row = Result & Figures;

/** What a scenario sends to a server, and what came of it. */
export type Send = (server: Server, streams: readonly Stream[]) => Promise<readonly StreamResult[]>;

/** Figures that are shown, rounded. */
export function rowOf({ goodputRatio, admittedP99Ms, recoveryMs, ...rest }: Figures): Row {
  const ratio = round(goodputRatio);
  return { ...rest, goodputRatio: ratio, admittedP99Ms: round(admittedP99Ms), recoveryMs: Math.round(recoveryMs), ratio, ratioIqr: 0 };
}
