import assert from "node:assert";
import type { Claim, Transaction } from "../../operation/transaction.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** The tenant for whom an operation runs: what is kept for all callers is read for none. */
export function tenantFor({ cache }: CompiledOperation, tenant: string | undefined): string | undefined {
  return cache?.per === "public" ? undefined : tenant;
}

/** Opens a transaction of an execution. `tenant`: instead of its own, if the caller has not signed in yet; `isCurrent`: it reads no replica. */
export function begin(
  execution: RunningExecution,
  compiled: CompiledOperation,
  {
    claim,
    tenant,
    isCurrent = false,
  }: { readonly claim: Claim | undefined; readonly tenant?: string | undefined; readonly isCurrent?: boolean },
): Transaction {
  execution.throwIfSettled();
  const { database } = execution.host;
  if (database === undefined) assert.fail(`${compiled.name} is a ${compiled.kind}, which needs a database. Give createApp one.`);
  const transaction = database.begin({
    mode: compiled.traits.transaction === "read" ? "read" : "write",
    isolation: compiled.isolation,
    tenant: tenantFor(compiled, tenant ?? execution.tenant),
    owner: execution,
    ...(compiled.cache?.shared && { withoutActor: true }),
    ...(claim && { claim }),
    ...(!isCurrent &&
      compiled.stalenessMs !== undefined &&
      execution.invocation.after === undefined && { stalenessMs: compiled.stalenessMs }),
  });
  execution.transactions.push(transaction);
  return transaction;
}
