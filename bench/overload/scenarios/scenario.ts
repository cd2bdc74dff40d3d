import type { Phase } from "../../../src/load/index.ts";
import type { Server } from "../../harness/server.ts";
import type { Lab } from "../lab.ts";
import type { Stream, StreamResult } from "../load/stream.ts";
import type { Row } from "../row.ts";
import type { Work } from "../work.ts";

/** One load, and what is reported of it. */
export interface Scenario {
  readonly name: string;
  run(lab: Lab): Promise<readonly Row[]>;
}

export const warmUpMs = 500;
const connections = 400;
const connectionsOfTenant = 24;

/** What a stream differs in from a plain one. */
export interface Load extends Partial<Pick<Stream, "retries" | "deadlineMs" | "onlyConnects">> {
  readonly phases: readonly Phase[];
  readonly path?: string;
  readonly tenant?: string;
  readonly seed?: number;
}

/** A stream of calls of one work to a server. */
export function streamTo(server: Server, work: Work, { path = work.name, tenant, seed = 1, ...load }: Load): Stream {
  return {
    ...{ name: `${server.name} ${tenant ?? path}`, url: `${server.url}/${path}`, deadlineMs: work.deadlineMs, warmUpMs, seed, ...load },
    connections: tenant === undefined || tenant === "noisy" ? connections : connectionsOfTenant,
    ...(tenant !== undefined && { headers: { authorization: `Bearer ${tenant}` } }),
  };
}

type Windows = StreamResult["windows"];

/** From an end until nothing is refused, late or failed any more, as the windows after it say. *Units*: milliseconds. */
export function recoveryOf(windows: Windows, endMs: number): number {
  const bad = windows.findLast(({ fromMs, refused, late, failed }) => fromMs >= endMs && refused + late + failed > 0);
  return bad === undefined ? 0 : bad.fromMs + 100 - endMs;
}

/** How many calls succeeded in time between two moments. */
export function okBetween(windows: Windows, fromMs: number, toMs = Number.POSITIVE_INFINITY): number {
  return windows.reduce((sum, { fromMs: at, ok }) => (at >= fromMs && at < toMs ? sum + ok : sum), 0);
}
