import { sleep } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Claim } from "../../operation/transaction.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { committedBefore } from "../sourcing/positions.ts";
import type { ShapedOutput } from "../state/output.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { sealCredentials } from "../state/sealed-credentials.ts";
import { begin, tenantFor } from "./begin.ts";
import { insideCalls } from "./call-inside.ts";
import { endUnclaimed, endWithFault, refuseLarge } from "./ends.ts";
import { handle } from "./handle.ts";
import { replayed, storedSuccess } from "./idempotency.ts";
import { RunningScope } from "./running-scope.ts";
import { notifyEngines } from "./started.ts";

/** One run of an operation in a transaction of its own. */
export interface TransactionRun {
  readonly input: unknown;
  /** The input before it was parsed. */
  readonly sent: unknown;
  readonly claim: Claim | undefined;
  /** In the place of the execution's own tenant, if the caller has not signed in yet. */
  readonly tenant?: string | undefined;
  /** Shapes what the handler returned, and writes of a reply whatever can fail. */
  shape(value: unknown): ShapedOutput;
}

/** Runs a query once, a command again after a conflict, each time with a fresh transaction and scope. */
export async function runTransaction(execution: RunningExecution, compiled: CompiledOperation, run: TransactionRun): Promise<ShapedOutput> {
  const { clock } = execution.host;
  const writes = compiled.traits.transaction === "write";
  const given = execution.credentials?.issued;
  for (let attempt = 1; ; attempt++) {
    if (execution.durable === undefined) execution.attempt = attempt;
    try {
      return await (writes ? runCommand(execution, compiled, run) : runQuery(execution, compiled, run));
    } catch (error) {
      execution.credentials?.restore(given);
      if (!writes || !isConflict(error) || attempt >= limits.commandAttempts || execution.settled) throw error;
      // Random, because two commands that conflicted would conflict again after equal waits.
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

async function runQuery(
  execution: RunningExecution,
  compiled: CompiledOperation,
  run: TransactionRun & { readonly isCurrent?: boolean },
): Promise<ShapedOutput> {
  const transaction = begin(execution, compiled, run);
  try {
    const { input, sent } = run;
    const tenant = tenantFor(compiled, run.tenant ?? execution.tenant);
    const shared = compiled.cache?.shared ?? false;
    const scope = new RunningScope(execution, compiled, { transaction, input, sent, tenant, shared, calls: insideCalls });
    const output = run.shape(await handle(compiled, input, scope));
    output.head = compiled.head?.(output);
    await transaction.commit();
    execution.host.counts.committed(transaction);
    return output;
  } catch (error) {
    void transaction.rollback();
    if (!transaction.isOnReplica || !isOfReplica(error) || execution.settled) throw error;
    return runQuery(execution, compiled, { ...run, isCurrent: true });
  }
}

/** A replica is away, or ended the query because it stood in the way of what it replays: the primary has what is asked for. */
function isOfReplica(error: unknown): boolean {
  return error instanceof Fault && (error.code === "aborted" || error.code === "unavailable");
}

async function runCommand(execution: RunningExecution, compiled: CompiledOperation, run: TransactionRun): Promise<ShapedOutput> {
  const transaction = begin(execution, compiled, run);
  let value: unknown;
  try {
    const { input, sent, tenant = execution.tenant } = run;
    value = await handle(compiled, input, new RunningScope(execution, compiled, { transaction, input, sent, tenant, calls: insideCalls }));
  } catch (error) {
    return endWithFault(transaction, { compiled, claim: run.claim, error, execution });
  }
  try {
    if (run.claim !== undefined) {
      const claimed = await transaction.claimed();
      if (claimed.state !== "claimed") return endUnclaimed(execution, { compiled, transaction, claim: run.claim, claimed });
    }
    // Everything that can fail comes before the commit: a request that fails has changed nothing.
    const output = run.shape(value);
    output.head = compiled.head?.(output);
    if (run.claim !== undefined) refuseLarge(compiled, output.json);
    const { claim } = run;
    const reply = claim && storedSuccess(output, sealCredentials(execution, { compiled, claim }));
    const kept = await execution.host.caches.commit(transaction, reply);
    notifyEngines(execution);
    if (kept === undefined) execution.host.counts.committed(transaction);
    else await committedBefore(execution);
    // What the caller gets is still at hand: it is that of the transaction which committed.
    return kept === undefined ? output : replayed(compiled, { state: "replay", reply: kept });
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}
