import { notYours } from "../faults.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { RunningScope } from "./running-scope.ts";

/** Asks whose it is, where the operation declares `owns`, and runs the handler. */
export function handle(compiled: CompiledOperation, input: unknown, scope: RunningScope): Promise<unknown> {
  // The schema of the operation has parsed the input, and the scope is that of its kind: the constructors checked the handler against both.
  return scope.handle(async () => {
    if (compiled.owns !== undefined && !(await compiled.owns(input as never, scope as never))) throw notYours();
    return compiled.handler(input as never, scope as never);
  });
}
