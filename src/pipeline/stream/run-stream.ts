import assert from "node:assert";
import { toFault } from "../../core/fault.ts";
import type { Operation } from "../../operation/contract.ts";
import { lookUpForItem } from "../permissions/look-up.ts";
import { callApart } from "../run/call-apart.ts";
import type { ScopeCall, ScopeCalls } from "../run/running-scope.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { notIterable } from "./faults.ts";
import type { Stopping } from "./running-stream.ts";
import { StreamScope } from "./scope.ts";

const actionCalls: ScopeCalls = { call: callApart };
const queryCalls: ScopeCalls = { call: callToRead };

/** The stream of a query reads: each of its calls is a read-only transaction, and none is open between two of them. */
async function callToRead(execution: RunningExecution, operation: Operation, call: ScopeCall): Promise<unknown> {
  const called = execution.host.registry.byContract.get(operation);
  assert(
    called === undefined || called.traits.transaction === "read",
    `${execution.operation} is a query and cannot call the ${operation.kind} ${operation.name}. Make it an action.`,
  );
  return callApart(execution, operation, call);
}

/** Runs the handler of a stream, item by item, to its end. Nothing is asked of it while its client has something to read. */
export async function runStream(execution: RunningExecution): Promise<undefined> {
  const { compiled, input, sent, tenant, streaming } = execution;
  assert(streaming !== undefined, "a stream has a place");
  const calls = compiled.traits.transaction === "read" ? queryCalls : actionCalls;
  const scope = new StreamScope(execution, compiled, { transaction: undefined, input, sent, tenant, calls });
  try {
    // The schema of the operation has parsed the input, and the scope is that of its kind: the constructors checked the handler against both.
    const items = new HandlerItems(execution, await compiled.handler(input as never, scope as never));
    while (await items.next()) {
      try {
        const lookingUp = lookUpForItem(execution);
        if (lookingUp !== undefined) await lookingUp;
        const drained = streaming.push(items.value);
        if (drained !== undefined) await drained;
      } catch (error) {
        execution.stop(toFault(error));
      }
    }
    await items.returned;
    if (!execution.settled) {
      scope.begun.assertDone();
      streaming.open();
    }
  } finally {
    scope.begun.ended = true;
  }
}

/** What a handler yields. When its execution ends before it does, it is asked to return: its `finally` blocks run. */
class HandlerItems implements Stopping {
  readonly #execution: RunningExecution;
  readonly #iterator: AsyncIterator<unknown>;
  value: unknown;
  /** Done when the handler has returned that was asked to. */
  returned: Promise<unknown> | undefined;

  constructor(execution: RunningExecution, given: unknown) {
    this.#execution = execution;
    const method = (given as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator];
    if (typeof method !== "function") throw notIterable(execution.operation);
    this.#iterator = method.call(given);
    if (execution.settled) this.stop();
    else execution.streaming?.onStop(this);
  }

  /** Whether there is another item. */
  async next(): Promise<boolean> {
    if (this.#execution.settled) return false;
    this.#execution.streaming?.pulls();
    const { done, value } = await this.#iterator.next();
    this.value = value;
    return done !== true && !this.#execution.settled;
  }

  stop(): void {
    // What fails now has no caller any more. A generator runs its `finally` blocks once what it awaits has ended.
    this.returned = (async () => this.#iterator.return?.())().catch((error: unknown) => this.#report(error));
  }

  #report(error: unknown): void {
    const { host, operation, requestId, traceId, spanId } = this.#execution;
    const message = `The handler of ${operation} failed while it ended a stream that its client no longer reads. Catch it in its finally block.`;
    host.signals.logged.publish({
      level: "error",
      message,
      fields: { error },
      at: host.clock.now(),
      operation,
      requestId,
      traceId,
      spanId,
    });
  }
}
