import assert from "node:assert";
import type { Durable, Starts } from "../../operation/durable/start.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** Finds what starts work of that kind. */
export function startsFor({ host, operation }: RunningExecution, { name, kind }: Durable): Starts {
  const starts = host.startsOf(kind);
  if (starts === undefined)
    assert.fail(
      `${operation} starts the ${kind} ${name}, and this app has no database or engine that keeps work of this kind. Give createApp one.`,
    );
  return starts;
}

/** Returns the set in which an engine puts what it gets after the commit. */
export function toWake(execution: RunningExecution, starts: Pick<Starts, "committed">): Set<string> {
  execution.started ??= new Map();
  let names = execution.started.get(starts);
  if (names === undefined) {
    names = new Set();
    execution.started.set(starts, names);
  }
  return names;
}

/** Notifies each engine whose work an execution started that its transaction is committed. */
export function notifyEngines({ started }: RunningExecution): void {
  if (started === undefined) return;
  for (const [starts, names] of started) starts.committed(names);
}
