import assert from "node:assert";
import { sleep } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { Problems } from "../core/schema.ts";
import type { Claim, Transaction } from "../operation/transaction.ts";
import type { CompiledOperation } from "./compiled.ts";
import { claimOf, isStored, replayed } from "./idempotency.ts";
import { detailsTooLarge, invalidOutput, notYours, replyTooLarge } from "./refusals.ts";
import type { RunningExecution } from "./running-execution.ts";
import { RunningScope } from "./running-scope.ts";

/** Runs the handler of an admitted execution to its shaped output. */
export function execute(execution: RunningExecution): Promise<string> {
  const { compiled, input, invocation } = execution;
  if (compiled.kind === "action") return runAction(execution);
  if (compiled.kind === "task") return runTask(execution);
  const claim = compiled.key === "none" ? undefined : claimOf(execution, compiled, { input, key: invocation.idempotencyKey });
  return runTransaction(execution, compiled, { input, claim, shape: (value) => stringify(compiled, value) });
}

async function runAction(execution: RunningExecution): Promise<string> {
  const { compiled, input } = execution;
  return stringify(compiled, await compiled.handler(input, new RunningScope(execution, compiled, undefined)));
}

async function runTask(execution: RunningExecution): Promise<string> {
  const { compiled, input } = execution;
  await compiled.handler(input, new RunningScope(execution, compiled, undefined));
  return "";
}

/** Completes the task that runs with what its handler writes, in one transaction. */
export async function commitTask<T>(execution: RunningExecution, work: (scope: RunningScope) => Promise<T>): Promise<T> {
  const { compiled, task, runtime } = execution;
  assert(
    task !== undefined && !task.committed,
    `${compiled.name} commits twice: commit is the last thing that a task does, and it does it once.`,
  );
  const transaction = begin(execution, compiled, { claim: undefined });
  try {
    const value = await work(new RunningScope(execution, compiled, transaction));
    transaction.defer(task.completion());
    await transaction.commit();
    task.committed = true;
    if (execution.wakes !== undefined) runtime.tasks?.committed(execution.wakes);
    return value;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

function stringify(compiled: CompiledOperation, value: unknown): string {
  const text = compiled.output.stringify(value);
  if (text instanceof Problems) throw invalidOutput(compiled.name, text);
  return text;
}

/** One run of an operation in a transaction of its own. */
export interface TransactionRun {
  readonly input: unknown;
  readonly claim: Claim | undefined;
  /** In the place of the execution's own tenant, where nobody signed in yet. */
  readonly tenant?: string | undefined;
  shape(value: unknown): string;
}

/** Runs a query once, a command again after a conflict, each time with a fresh transaction and scope. */
export async function runTransaction(execution: RunningExecution, compiled: CompiledOperation, run: TransactionRun): Promise<string> {
  const { clock } = execution.runtime;
  for (let attempt = 1; ; attempt++) {
    if (execution.task === undefined) execution.attempt = attempt;
    try {
      return await (compiled.kind === "query" ? runQuery(execution, compiled, run) : runCommand(execution, compiled, run));
    } catch (error) {
      if (compiled.kind === "query" || !isConflict(error) || attempt >= limits.commandAttempts || execution.settled) throw error;
      // Two that met once meet again if they wait alike.
      await sleep(clock, clock.random() * 10 * 2 ** attempt);
    }
  }
}

function isConflict(error: unknown): boolean {
  return (
    error instanceof Fault &&
    error.code === "aborted" &&
    error.type !== "idempotency_key_running" &&
    error.type !== "lease_lost" &&
    error.type !== "lock_lost"
  );
}

async function runQuery(execution: RunningExecution, compiled: CompiledOperation, run: TransactionRun): Promise<string> {
  const transaction = begin(execution, compiled, run);
  try {
    const body = run.shape(await handle(execution, { compiled, transaction, input: run.input }));
    await transaction.commit();
    return body;
  } catch (error) {
    void transaction.rollback();
    throw error;
  }
}

async function runCommand(execution: RunningExecution, compiled: CompiledOperation, run: TransactionRun): Promise<string> {
  const transaction = begin(execution, compiled, run);
  let value: unknown;
  try {
    value = await handle(execution, { compiled, transaction, input: run.input });
  } catch (error) {
    return endWithFault(transaction, { compiled, claim: run.claim, error, execution });
  }
  try {
    if (run.claim !== undefined) {
      const claimed = await transaction.claimed();
      if (claimed.state !== "claimed") return endUnclaimed(execution, { compiled, transaction, claimed });
    }
    const body = run.shape(value);
    if (run.claim !== undefined) refuseLarge(compiled, body);
    const kept = await transaction.commit(run.claim && { outcome: "ok", body });
    if (execution.wakes !== undefined) execution.runtime.tasks?.committed(execution.wakes);
    return kept === undefined ? body : replayed(compiled, { state: "replay", reply: kept });
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

/** A reply that is not kept could not be given again: what was done is undone instead. */
function refuseLarge({ name }: CompiledOperation, body: string): void {
  const bytes = oversize(body);
  if (bytes !== undefined) throw replyTooLarge(name, { bytes, limit: limits.idempotencyReplyBytes });
}

/** The bytes of what is more than a record may keep; undefined where it fits. */
function oversize(body: string): number | undefined {
  // A character takes three bytes at the most, so that what is small need not be measured.
  if (body.length * 3 <= limits.idempotencyReplyBytes) return undefined;
  const bytes = Buffer.byteLength(body);
  return bytes > limits.idempotencyReplyBytes ? bytes : undefined;
}

async function handle(
  execution: RunningExecution,
  { compiled, transaction, input }: { readonly compiled: CompiledOperation; readonly transaction: Transaction; readonly input: unknown },
): Promise<unknown> {
  const scope = new RunningScope(execution, compiled, transaction);
  if (compiled.owns !== undefined && !(await compiled.owns(input, scope))) throw notYours(compiled.name);
  return compiled.handler(input, scope);
}

/** A handler failed: an earlier reply with the same key goes first, a declared fault that would not change is kept, anything else leaves no trace. */
async function endWithFault(
  transaction: Transaction,
  end: {
    readonly execution: RunningExecution;
    readonly compiled: CompiledOperation;
    readonly claim: Claim | undefined;
    readonly error: unknown;
  },
): Promise<string> {
  const { compiled, error, claim, execution } = end;
  if (claim !== undefined && !execution.settled) {
    // Where the key cannot be asked for any more, the handler's own failure says why.
    const claimed = await transaction.claimed().catch(() => undefined);
    if (claimed !== undefined && claimed.state !== "claimed") return endUnclaimed(execution, { compiled, transaction, claimed });
    if (claimed !== undefined && isStored(compiled, error) && !execution.settled) {
      const body = JSON.stringify(error.details ?? null);
      const bytes = oversize(body);
      if (bytes === undefined) await transaction.commitFault({ outcome: error.type, body });
      else await transaction.rollback();
      throw bytes === undefined ? error : detailsTooLarge(compiled.name, { fault: error, bytes, limit: limits.idempotencyReplyBytes });
    }
  }
  await transaction.rollback();
  throw error;
}

async function endUnclaimed(
  execution: RunningExecution,
  end: {
    readonly compiled: CompiledOperation;
    readonly transaction: Transaction;
    readonly claimed: Awaited<ReturnType<Transaction["claimed"]>>;
  },
): Promise<string> {
  await end.transaction.rollback();
  assert(end.claimed.state !== "claimed");
  execution.replayed = end.claimed.state === "replay";
  return replayed(end.compiled, end.claimed);
}

function begin(
  execution: RunningExecution,
  compiled: CompiledOperation,
  { claim, tenant }: Pick<TransactionRun, "claim" | "tenant">,
): Transaction {
  execution.throwIfSettled();
  const { database } = execution.runtime;
  assert(database !== undefined, `${compiled.name} is a ${compiled.kind}, which needs a database. Give createApp one.`);
  const transaction = database.begin({
    mode: compiled.kind === "query" ? "read" : "write",
    isolation: compiled.isolation,
    tenant: tenant ?? execution.tenant,
    owner: execution,
    ...(claim && { claim }),
  });
  execution.transactions.push(transaction);
  return transaction;
}
