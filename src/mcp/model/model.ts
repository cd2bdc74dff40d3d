import type { Operation } from "../../operation/contract.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Report } from "../../pipeline/registry/problem.ts";
import { type Prompt, promptOf } from "./prompt.ts";
import { type Resource, resourceOf } from "./resource.ts";
import { taskOf } from "./task.ts";
import { type Tool, toolOf } from "./tool.ts";
import { updatesOf } from "./updates.ts";

/** What an app serves over MCP, in the order of names. */
export interface McpModel {
  readonly tools: ReadonlyMap<string, Tool>;
  /** By their addresses, which may have fields. */
  readonly resources: ReadonlyMap<string, Resource>;
  readonly prompts: ReadonlyMap<string, Prompt>;
}

/** Makes the model of all operations that say `mcp`, and reports those that cannot be served. */
export function compileModel(declared: readonly Operation[], operations: ReadonlyMap<string, CompiledOperation>, report: Report): McpModel {
  const tools: Tool[] = [];
  const resources: [string, Resource][] = [];
  const prompts: Prompt[] = [];
  for (const { name, spec } of declared) {
    const { mcp } = spec;
    const compiled = operations.get(name);
    if (mcp === undefined || compiled === undefined) continue;
    const problem = (message: string) => report(name, "mcp", message);
    const given = mcp === true ? {} : mcp;
    const tool = given.prompt === undefined ? toolOf(compiled, given, problem) : undefined;
    add(tools, tool && { ...tool, task: taskOf(compiled, { spec: given, operations }, problem) }, problem);
    add(prompts, promptOf(compiled, given, problem), problem);
    const resource = resourceOf(compiled, given, problem);
    const updates = updatesOf(given, operations, problem);
    if (resource !== undefined) resources.push([given.resource as string, { ...resource, updates }]);
  }
  return { tools: byName(tools), resources: sorted(resources), prompts: byName(prompts) };
}

interface Named {
  readonly name: string;
  readonly operation: CompiledOperation;
}

function add<T extends Named>(list: T[], made: T | undefined, problem: (message: string) => void): void {
  if (made === undefined) return;
  const other = list.find((known) => known.name === made.name);
  if (other === undefined) list.push(made);
  else problem(`${other.operation.name} has the name ${other.name} already. Give one of them another name.`);
}

const byName = <T extends Named>(list: readonly T[]): ReadonlyMap<string, T> => sorted(list.map((made) => [made.name, made]));

/** Clients keep lists, and models read them: the same contracts give the same text. */
function sorted<T>(entries: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

/** Cuts a page out of a list behind a cursor; undefined where the cursor is none of the list. */
export function pageOf<T>(list: ReadonlyMap<string, T>, cursor: string | undefined, most: number): Page<T> | undefined {
  const names = [...list.keys()];
  const last = cursor === undefined ? undefined : Buffer.from(cursor, "base64url").toString();
  const begin = last === undefined ? 0 : names.indexOf(last) + 1;
  if (last !== undefined && begin === 0) return undefined;
  const page = names.slice(begin, begin + most);
  const isLast = begin + page.length >= names.length;
  return {
    items: page.map((name) => list.get(name) as T),
    ...(!isLast && { nextCursor: Buffer.from(page.at(-1) as string).toString("base64url") }),
  };
}
