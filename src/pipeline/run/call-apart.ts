import assert from "node:assert";
import type { Operation } from "../../operation/contract.ts";
import { traitsOf } from "../../operation/kind.ts";
import { callAway } from "../away/call-away.ts";
import { otherTenant } from "../faults.ts";
import { lookUpForCall } from "../permissions/look-up.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { ShapedOutput } from "../state/output.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { prepareInput, resolveCalled, shapeOutput } from "./called.ts";
import { claimOf, lastingClaim } from "./idempotency.ts";
import type { ScopeCall } from "./running-scope.ts";
import { runTransaction } from "./transaction-run.ts";

/**
 * An action runs once for its request, so a key of its own per call claims nothing that another call could need. A task runs again: its nth call
 * of an operation is the nth call of every attempt, and happens once. Both come from ids that were made here: a caller chooses the request id,
 * and two requests may have the same.
 */
function derivedKey({ ownId, durable, calls }: RunningExecution, { name }: CompiledOperation): string {
  return durable === undefined ? `${ownId}.${calls}` : `${durable.key}.${name}.${calls}`;
}

/** Runs a query or a command for an action, in a transaction of its own. */
export async function callApart(execution: RunningExecution, operation: Operation, inner: ScopeCall): Promise<unknown> {
  const compiled = resolveCalled(execution, operation);
  const { tenant } = inner;
  if (tenant !== undefined && execution.tenant !== undefined && tenant !== execution.tenant) throw otherTenant();
  assert(
    traitsOf(operation).transaction !== "none",
    `${compiled.name} has the kind ${compiled.kind}, and only queries and commands can be called. Move the code that both need into a function.`,
  );
  const { derived = inner.key === undefined } = inner;
  // Before anything is waited for: the next call counts on.
  const key = inner.key ?? derivedKey(execution, compiled);
  const lookingUp = lookUpForCall(execution, compiled);
  if (lookingUp !== undefined) await lookingUp;
  const input = prepareInput(execution, compiled, inner.input);
  if (compiled.away !== undefined) {
    assert(
      execution.durable === undefined || compiled.away.contract.repeatable !== "never",
      `${execution.compiled.name} may run again after a failure, and ${compiled.name} of the remote module may not: give that idempotent: "key" or "natural".`,
    );
    const sentKey = compiled.away.contract.repeatable === "keyed" ? key : undefined;
    return callAway(execution, compiled, { sent: inner.input, key: sentKey, tenant: tenant ?? execution.tenant });
  }
  const claimed = compiled.traits.keyed ? claimOf(execution, compiled, { sent: inner.input, key, derived, tenant }) : undefined;
  const lasts = claimed !== undefined && execution.durable !== undefined;
  const claim = lasts ? lastingClaim(claimed, execution, inner.made) : claimed;
  const { streaming } = execution;
  streaming?.callStarts();
  const running = runTransaction(execution, compiled, {
    input,
    sent: inner.input,
    claim,
    tenant,
    shape: (value) => new ShapedOutput(compiled, undefined, JSON.stringify(shapeOutput(compiled, value))),
  });
  const { json } = await (streaming === undefined ? running : running.finally(() => streaming.callEnds()));
  // It was shaped before it was committed. To shape it again would transform it twice, and refuse what an earlier version replied.
  return JSON.parse(json);
}
