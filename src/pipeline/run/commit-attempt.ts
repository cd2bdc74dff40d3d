import assert from "node:assert";
import type { Statement } from "../../operation/transaction.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { begin } from "./begin.ts";
import { insideCalls } from "./call-inside.ts";
import { RunningScope } from "./running-scope.ts";
import { notifyEngines } from "./started.ts";

/** Completes durable work with what its handler writes, in one transaction. */
export async function commitAttempt<T>(execution: RunningExecution, work: (scope: RunningScope) => Promise<T>): Promise<T> {
  const { compiled, durable } = execution;
  assert(durable !== undefined && !durable.committed, `${compiled.name} called commit twice. Call it once, at the end of the handler.`);
  const value = await runRecorded(execution, work, () => durable.completion());
  durable.committed = true;
  return value;
}

/** Runs `work` in a transaction of its own, which commits only with the record that is made of its value. Returns the value. */
export async function runRecorded<T>(
  execution: RunningExecution,
  work: (scope: RunningScope) => Promise<T>,
  record: (value: T) => Statement,
): Promise<T> {
  const { compiled, input, sent, tenant, host } = execution;
  const transaction = begin(execution, compiled, { claim: undefined });
  try {
    const scope = new RunningScope(execution, compiled, { transaction, input, sent, tenant, calls: insideCalls });
    const value = await workToEnd(scope, work);
    transaction.defer(record(value));
    await host.caches.commit(transaction);
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
