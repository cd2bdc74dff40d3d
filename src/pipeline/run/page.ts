import type { Page, PageInput, PageSpec } from "../../operation/scope.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import type { RunningExecution } from "../state/running-execution.ts";

type Fields = Readonly<Record<string, unknown>>;

interface PageRun {
  readonly tenant: string | undefined;
  readonly shared?: boolean;
  readonly input: unknown;
  readonly sent: unknown;
}

/** Reads the page that an input asks for. Its cursor is good for the same operation, tenant, actor and filter only. */
export async function readPage<R, P>(
  { host, actorId }: RunningExecution,
  { name }: CompiledOperation,
  asked: { readonly input: PageInput; readonly spec: PageSpec<R, P>; readonly run: PageRun },
): Promise<Page<R>> {
  const { cursor, limit } = asked.input;
  const { rows, position } = asked.spec;
  const { cursors } = host.options;
  const { tenant, shared = false } = asked.run;
  // A page that several callers share has a cursor that they share.
  const use = {
    operation: name,
    tenant,
    actor: shared ? undefined : actorId,
    filter: filterOf(asked.input as unknown as Fields, asked.run),
  };
  const after = cursor === undefined ? undefined : (cursors.open(cursor, use) as P);
  const found = await rows(after, limit + 1);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return last === undefined || found.length <= limit
    ? { items }
    : { items, nextCursor: cursors.seal({ ...use, position: position(last) }) };
}

/**
 * What decides which rows there are. Fields that the handler passes on as it got them count as they were sent: the schema may have made their value,
 * and would make another for the next page. Fields that the handler left out do not count; those that it added or changed count by their value.
 */
function filterOf(asked: Fields, { input, sent }: PageRun): Fields {
  const parsed = isFields(input) ? input : {};
  const filter: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(isFields(sent) ? sent : {})) if (!(name in parsed) || name in asked) filter[name] = value;
  for (const [name, value] of Object.entries(asked)) if (!Object.is(value, parsed[name])) filter[name] = value;
  delete filter.cursor;
  delete filter.limit;
  return filter;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
