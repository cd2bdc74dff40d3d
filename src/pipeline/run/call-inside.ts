import assert from "node:assert";
import type { Operation } from "../../operation/contract.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { prepareInput, resolveCalled, shapeOutput } from "./called.ts";
import { handle } from "./handle.ts";
import { RunningScope, type ScopeCall, type ScopeCalls } from "./running-scope.ts";

/** Runs an operation inside the caller's transaction, deadline and budget; it takes no slot of its own, so that it cannot wait for its caller. */
async function callInside(
  execution: RunningExecution,
  operation: Operation,
  { input: sent, caller, run: { transaction: joined, tenant, calls } }: ScopeCall,
): Promise<unknown> {
  assert(joined !== undefined, "a call inside a transaction needs one");
  const compiled = resolveCalled(execution, operation, joined);
  const { transaction } = compiled.traits;
  assert(
    transaction !== "none",
    `${compiled.name} has the kind ${compiled.kind}, which cannot run inside a transaction. Call it from an action, or move its code into a function.`,
  );
  assert(
    transaction === "read" || caller.traits.transaction !== "read",
    `${caller.name} is a ${caller.kind} and cannot call the ${compiled.kind} ${compiled.name}. Call it from a command or an action.`,
  );
  const input = prepareInput(execution, compiled, sent);
  const scope = new RunningScope(execution, compiled, { transaction: joined, input, sent, tenant, calls });
  try {
    return shapeOutput(compiled, await handle(compiled, input, scope));
  } catch (error) {
    // What a command did before it failed is still in the transaction: a caller that catches the fault must not commit it.
    if (transaction === "write") joined.doom(error);
    throw error;
  }
}

/** What a scope inside a transaction calls with. */
export const insideCalls: ScopeCalls = { call: callInside };
