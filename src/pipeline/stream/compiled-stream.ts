import { formatMs, parseDuration } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import type { Operation } from "../../operation/contract.ts";
import { traitsOf } from "../../operation/kind.ts";
import { streamOf } from "../../operation/online/stream/spec.ts";
import type { Report } from "../registry/problem.ts";

/** The stream of an operation, all filled in. *Units*: milliseconds. */
export interface CompiledStream {
  readonly idleMs: number;
  readonly longestMs: number;
  readonly heartbeatMs: number;
  /** Returns the id of an item; undefined where items have none. */
  readonly id: ((item: never) => string) | undefined;
}

const ranges = {
  idle: [1, 3_600_000, limits.streamIdleMs],
  longest: [1, 86_400_000, limits.streamLongestMs],
  heartbeat: [100, 3_600_000, limits.streamHeartbeatMs],
} as const;

/** Works out the stream that an operation declares, and reports what is wrong with it; returns undefined where it declares none. */
export function compileStream(operation: Operation, report: Report): CompiledStream | undefined {
  const { name, kind, spec } = operation;
  if (spec.stream === undefined) return undefined;
  const { transaction, durable } = traitsOf(operation);
  if (transaction === "write" || durable)
    report(
      name,
      "stream",
      `A ${kind} cannot stream: its transaction would stay open while its client reads. Make it a query or an action.`,
    );
  if (spec.output !== undefined) report(name, "stream", "It has an output too. Remove one of the two.");
  if (spec.cache !== undefined) report(name, "cache", "A stream cannot be cached. Cache the queries that it calls.");
  if (spec.owns !== undefined)
    report(name, "owns", "A stream has no transaction in which to ask. Ask with a query that the handler calls before the first item.");
  const stream = typeof spec.stream === "object" ? streamOf(spec.stream) : undefined;
  const ms = (field: keyof typeof ranges): number => {
    const [least, most, standard] = ranges[field];
    const value = stream?.[field] ?? standard;
    const parsed = parseDuration(value);
    if (parsed !== undefined && parsed >= least && parsed <= most) return parsed;
    report(name, `stream.${field}`, `"${value}" is not a duration from ${formatMs(least)} to ${formatMs(most)}. Write one, as in "1m".`);
    return standard;
  };
  return { idleMs: ms("idle"), longestMs: ms("longest"), heartbeatMs: ms("heartbeat"), id: stream?.id };
}
