import assert from "node:assert";
import type { Operation } from "../../operation/contract.ts";
import { remoteInside } from "../away/faults.ts";
import { lookUpForCall } from "../permissions/look-up.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { prepareInput, resolveCalled, shapeOutput } from "./called.ts";
import { handle } from "./handle.ts";
import { RunningScope, type ScopeCall, type ScopeCalls } from "./running-scope.ts";

/** Runs an operation inside the caller's transaction, deadline and budget; it takes no slot of its own, so that it cannot wait for its caller. */
async function callInside(
  execution: RunningExecution,
  operation: Operation,
  { input: sent, caller, run: { transaction: joined, tenant, shared = false, calls } }: ScopeCall,
): Promise<unknown> {
  assert(joined !== undefined, "a call inside a transaction needs one");
  const compiled = resolveCalled(execution, operation, joined);
  if (compiled.away !== undefined) {
    const refused = remoteInside(caller, compiled);
    joined.doom(refused);
    throw refused;
  }
  const { transaction } = compiled.traits;
  assert(
    transaction !== "none",
    `${compiled.name} has the kind ${compiled.kind}, which cannot run inside a transaction. Call it from an action, or move its code into a function.`,
  );
  assert(
    transaction === "read" || caller.traits.transaction !== "read",
    `${caller.name} is a ${caller.kind} and cannot call the ${compiled.kind} ${compiled.name}. Call it from a command or an action.`,
  );
  if (shared) assertShareable(caller, compiled);
  const lookingUp = lookUpForCall(execution, compiled);
  if (lookingUp !== undefined) await lookingUp;
  const input = prepareInput(execution, compiled, sent);
  const inner = { transaction: joined, input, sent, tenant, shared: shared || (compiled.cache?.shared ?? false), calls };
  const scope = new RunningScope(execution, compiled, inner);
  try {
    return shapeOutput(compiled, await handle(compiled, input, scope));
  } catch (error) {
    // What a command did before it failed is still in the transaction: a caller that catches the fault must not commit it.
    if (transaction === "write") joined.doom(error);
    throw error;
  }
}

/** What is kept for many callers must not hold what only one of them may read. */
function assertShareable({ name, access }: CompiledOperation, called: CompiledOperation): void {
  const isShareable = called.owns === undefined && (called.access === "public" || called.access === access);
  assert(
    isShareable,
    `${name} keeps its output for several callers, and calls ${called.name}, whose access depends on the caller. Give both the same access rule, or write cache: { per: "actor" }.`,
  );
}

/** What a scope inside a transaction calls with. */
export const insideCalls: ScopeCalls = { call: callInside };
