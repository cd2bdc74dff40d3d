import type { McpSpec } from "../../operation/online/mcp.ts";
import { type CompiledOperation, fieldsOf } from "../../pipeline/registry/compiled.ts";

/** Finds the stream whose items say that a resource has changed, and reports why it cannot be followed; undefined where none is declared. */
export function updatesOf(
  { resource = "", updates }: McpSpec,
  operations: ReadonlyMap<string, CompiledOperation>,
  problem: (message: string) => void,
): CompiledOperation | undefined {
  if (updates === undefined) return undefined;
  const { name } = updates;
  const stream = operations.get(name);
  if (resource === "") return problem("It has updates and no resource. Add resource, or remove updates.") as undefined;
  if (stream?.stream === undefined || stream.receives !== undefined)
    return problem(`updates is ${name}, which is not an operation of this app that streams. Declare it with stream.`) as undefined;
  const { required = [] } = stream.input.inputJson as { required?: readonly string[] };
  const fields = [...fieldsOf(stream.input)];
  const left = required.find((field) => !resource.includes(`{${field}}`));
  if (left !== undefined) return problem(`The input of ${name} needs ${left}, and the address does not have it.`) as undefined;
  const more = [...resource.matchAll(/\{([^}]*)\}/g)].map(([, field]) => field as string).find((field) => !fields.includes(field));
  return more === undefined ? stream : (problem(`The address has {${more}}, and the input of ${name} has no such field.`) as undefined);
}
