import assert from "node:assert";
import { formatTraceparent } from "../../core/trace.ts";
import type { Durable, SignalContext, SignalOptions, StartContext, Started, StartOptions, Starts } from "../../operation/durable/start.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** Starts work on behalf of what runs. */
export function startWork(
  execution: RunningExecution,
  from: Pick<StartContext, "tenant" | "transaction">,
  { work, ...start }: { readonly work: Durable; readonly input: unknown; readonly options: StartOptions },
): Promise<Started> {
  const { traceId, spanId, sampled, criticality, actorId } = execution;
  const starts = startsFor(execution, work);
  const context = {
    ...{ ...from, actorId, traceparent: formatTraceparent({ traceId, spanId, sampled }), toWake: toWake(execution, starts) },
    ...(criticality !== "default" && { criticality }),
  };
  return starts.start(context, work, start);
}

/** Sends a signal to work in the transaction of what runs. Only the system, which has no tenant, sends one to work of any. */
export async function signalWork(
  execution: RunningExecution,
  { transaction, tenant }: Pick<SignalContext, "tenant" | "transaction">,
  { work, signal }: { readonly work: Durable; readonly signal: SignalOptions & { readonly id: string } },
): Promise<void> {
  execution.throwIfSettled();
  const starts = startsFor(execution, work);
  assert(starts.signal !== undefined, `${execution.operation} signals the ${work.kind} ${work.name}, and only a saga takes signals.`);
  const of = tenant === undefined && execution.actor.kind === "system" ? undefined : (tenant ?? "");
  await starts.signal({ transaction, tenant: of, toWake: toWake(execution, starts) }, work, signal);
}

/** Finds what starts work of that kind. */
function startsFor({ host, operation }: RunningExecution, { name, kind }: Durable): Starts {
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
