import assert from "node:assert";
import type { RunningExecution } from "../state/running-execution.ts";
import { begin } from "./begin.ts";
import { insideCalls } from "./call-inside.ts";
import { RunningScope } from "./running-scope.ts";
import { notifyEngines } from "./started.ts";

/** Completes durable work with what its handler writes, in one transaction. */
export async function commitAttempt<T>(execution: RunningExecution, work: (scope: RunningScope) => Promise<T>): Promise<T> {
  const { compiled, input, sent, tenant, durable, host } = execution;
  assert(durable !== undefined && !durable.committed, `${compiled.name} called commit twice. Call it once, at the end of the handler.`);
  const transaction = begin(execution, compiled, { claim: undefined });
  try {
    const scope = new RunningScope(execution, compiled, { transaction, input, sent, tenant, calls: insideCalls });
    const value = await workToEnd(scope, work);
    transaction.defer(durable.completion());
    await host.caches.commit(transaction);
    durable.committed = true;
    host.counts.committed(transaction);
    notifyEngines(execution);
    return value;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

async function workToEnd<T>(scope: RunningScope, work: (scope: RunningScope) => Promise<T>): Promise<T> {
  try {
    const value = await work(scope);
    scope.begun.assertDone();
    return value;
  } finally {
    scope.begun.ended = true;
  }
}
