import type { Page, PageInput, PageSpec } from "../operation/scope.ts";
import type { CompiledOperation } from "./compiled.ts";
import type { RunningExecution } from "./running-execution.ts";

/** Reads the page that an input asks for. Its cursor is good for the same operation, tenant, actor and filter only. */
export async function readPage<R, P>(
  { runtime, tenant, actorId }: RunningExecution,
  { name }: CompiledOperation,
  asked: { readonly input: PageInput; readonly spec: PageSpec<R, P> },
): Promise<Page<R>> {
  const { cursor, limit, ...filter } = asked.input;
  const { rows, position } = asked.spec;
  const { cursors } = runtime.options;
  const use = { operation: name, tenant, actor: actorId, filter };
  const after = cursor === undefined ? undefined : (cursors.open(cursor, use) as P);
  const found = await rows(after, limit + 1);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return last === undefined || found.length <= limit
    ? { items }
    : { items, nextCursor: cursors.seal({ ...use, position: position(last) }) };
}
