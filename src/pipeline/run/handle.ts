import { notYours } from "../faults.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { type RunningScope, runAudited } from "./running-scope.ts";

/** What a handler is given, and what is made of the value that it returns. */
interface Handling<T> {
  readonly scope: RunningScope;
  readonly shape: (value: unknown) => T;
}

/** Asks whose it is, where the operation declares `owns`, and runs the handler to its end: when it has returned, nothing that it began may be left. */
export function handle(compiled: CompiledOperation, input: unknown, scope: RunningScope): Promise<unknown> {
  return handleTo(compiled, input, { scope, shape: same });
}

const same = (value: unknown) => value;

/** The same, to what `shape` makes of the value that the handler has returned. */
export async function handleTo<T>(compiled: CompiledOperation, input: unknown, { scope, shape }: Handling<T>): Promise<T> {
  // One async function in the place of several: each promise between the handler and its execution costs every execution a turn of the microtasks.
  try {
    // The schema of the operation has parsed the input, and the scope is that of its kind: the constructors checked the handler against both.
    if (compiled.owns !== undefined && !(await compiled.owns(input as never, scope as never))) throw notYours();
    const value = await (compiled.audit === undefined
      ? compiled.handler(input as never, scope as never)
      : scope[runAudited](compiled.audit, () => compiled.handler(input as never, scope as never)));
    scope.begun.assertDone();
    // What is made of the value is no part of the handler any more.
    scope.begun.ended = true;
    return shape(value);
  } finally {
    scope.begun.ended = true;
  }
}
