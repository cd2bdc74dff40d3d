import { notYours } from "../faults.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { RunningScope } from "./running-scope.ts";

/** Asks whose it is, where the operation declares `owns`, and runs the handler. */
export function handle(compiled: CompiledOperation, input: unknown, scope: RunningScope): Promise<unknown> {
  return scope.handle(async () => {
    if (compiled.owns !== undefined && !(await compiled.owns(input, scope))) throw notYours();
    return compiled.handler(input, scope);
  });
}
