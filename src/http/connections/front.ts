import type { Front } from "../../app/surface.ts";
import { LoadLine } from "../../core/load-line/load-line.ts";
import { connectionRateOf } from "./connection-rate.ts";
import { closingConnections } from "./connections.ts";

/** What bounds a {@link frontLimits}. */
interface FrontLimits {
  readonly connections: number;
  readonly connectionsPerSecond: number;
}

/**
 * Holds the limits of connections where one process accepts them for several: the rate of new ones, and how many all processes may have. The process that a
 * connection is passed to makes room for it, so a few more than that may be open for a moment.
 */
export function frontLimits(limits: FrontLimits): Pick<Front, "lines" | "takes"> {
  const rate = connectionRateOf(limits);
  const most = limits.connections + closingConnections;
  const line = new LoadLine({ name: "connections of all processes", unit: "connections", declared: limits.connections });
  const full = line.reason("full");
  return {
    lines: [rate.line, line],
    takes: (open, now) => {
      if (!rate.takes(now)) return false;
      if (open >= most && line.mode !== "off" && line.refuses(full)) return false;
      line.admits(open + 1);
      return true;
    },
  };
}
