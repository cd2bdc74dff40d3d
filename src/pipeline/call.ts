import assert from "node:assert";
import { Problems } from "../core/schema.ts";
import type { Operation } from "../operation/contract.ts";
import type { Transaction } from "../operation/transaction.ts";
import type { CompiledOperation } from "./compiled.ts";
import { runTransaction } from "./execute.ts";
import { claimOf } from "./idempotency.ts";
import { denied, invalidInput, notYours, otherTenant } from "./refusals.ts";
import type { RunningExecution } from "./running-execution.ts";
import { RunningScope } from "./running-scope.ts";

/** Runs an operation inside the caller's transaction, deadline and budget; it takes no slot of its own, so that it cannot wait for its caller. */
export async function callInside(
  execution: RunningExecution,
  operation: Operation,
  inner: { readonly input: unknown; readonly transaction: Transaction; readonly caller: CompiledOperation },
): Promise<unknown> {
  const compiled = resolve(execution, operation, inner.transaction);
  assert(
    compiled.kind === "query" || compiled.kind === "command",
    `${compiled.name} is a ${compiled.kind}: it cannot run inside a transaction.`,
  );
  assert(
    compiled.kind === "query" || inner.caller.kind !== "query",
    `${inner.caller.name} is a query and cannot call the command ${compiled.name}.`,
  );
  const input = prepare(execution, compiled, inner.input);
  const scope = new RunningScope(execution, compiled, inner.transaction);
  try {
    if (compiled.owns !== undefined && !(await compiled.owns(input, scope))) throw notYours(compiled.name);
    return shape(compiled, await compiled.handler(input, scope));
  } catch (error) {
    // What a command did before it failed is still in the transaction: a caller that catches the fault must not commit it.
    if (compiled.kind === "command") inner.transaction.doom(error);
    throw error;
  }
}

let derivedKeys = 0;

/**
 * An action runs once for its request, so a key of its own per call claims nothing that another call could need. A task runs again: its nth call
 * of an operation is the nth call of every attempt, and happens once.
 */
function derivedKey({ requestId, task, calls }: RunningExecution, { name }: CompiledOperation): string {
  return task === undefined ? `${requestId}.${++derivedKeys}` : `${task.key}.${name}.${calls}`;
}

/** Runs a query or a command for an action, in a transaction of its own. */
export async function callApart(
  execution: RunningExecution,
  operation: Operation,
  inner: { readonly input: unknown; readonly key?: string; readonly tenant?: string },
): Promise<unknown> {
  const compiled = resolve(execution, operation);
  const { tenant } = inner;
  if (tenant !== undefined && execution.tenant !== undefined && tenant !== execution.tenant) throw otherTenant();
  assert(
    compiled.kind === "query" || compiled.kind === "command",
    `${compiled.name} is a ${compiled.kind}: only queries and commands are called.`,
  );
  const input = prepare(execution, compiled, inner.input);
  const key = inner.key ?? derivedKey(execution, compiled);
  const claim = compiled.kind === "command" ? claimOf(execution, compiled, { input, key }) : undefined;
  const done = await runTransaction(execution, compiled, {
    input,
    claim,
    tenant,
    shape: (value) => JSON.stringify(shape(compiled, value)),
  });
  return shape(compiled, JSON.parse(done));
}

function resolve(execution: RunningExecution, operation: Operation, joins?: Transaction): CompiledOperation {
  execution.throwIfSettled();
  execution.callStarts(joins);
  const compiled = execution.runtime.registry.byContract.get(operation);
  assert(
    compiled !== undefined,
    `${execution.operation} calls ${operation.name}, which no module of this app implements. Add its module to createApp.`,
  );
  return compiled;
}

function prepare(execution: RunningExecution, compiled: CompiledOperation, input: unknown): unknown {
  const parsed = compiled.input.parse(input);
  if (parsed instanceof Problems) throw invalidInput(parsed.list);
  if (compiled.access !== "public" && !compiled.access.allows(execution.actor)) throw denied(compiled, execution.actor);
  return parsed;
}

function shape(compiled: CompiledOperation, value: unknown): unknown {
  const shaped = compiled.output.parse(value);
  assert(!(shaped instanceof Problems), `${compiled.name} returned what its output schema does not allow.`);
  return shaped;
}
