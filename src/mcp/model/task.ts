import type { JsonSchema } from "../../core/schema/standard.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { McpSpec } from "../../operation/online/mcp.ts";
import { type CompiledOperation, fieldsOf } from "../../pipeline/registry/compiled.ts";

/** What reads and cancels the work that a tool starts. */
export interface ToolTask {
  readonly reads: CompiledOperation;
  readonly cancels: CompiledOperation | undefined;
}

/** How the work of a tool can stand. */
export const taskStatuses = ["working", "completed", "failed", "cancelled"] as const;

interface Declared {
  readonly spec: McpSpec;
  readonly operations: ReadonlyMap<string, CompiledOperation>;
}

/** Finds what reads and cancels the work of a tool, and reports why it cannot be a task; undefined where it says nothing of one. */
export function taskOf(
  tool: CompiledOperation,
  { spec: { task }, operations }: Declared,
  problem: (message: string) => void,
): ToolTask | undefined {
  if (task === undefined) return undefined;
  const [reads, cancels] = [operations.get(task.reads.name), task.cancels && operations.get(task.cancels.name)];
  if (reads === undefined || (task.cancels !== undefined && cancels === undefined))
    return problem("What its task reads or cancels by is not an operation of this app. Add it to a module.") as undefined;
  if (reads.stream !== undefined || traitsOf(reads.operation).transaction !== "read")
    return problem(`Its task reads by ${reads.name}, which is not a query with an output.`) as undefined;
  if (cancels !== undefined && cancels.operation.spec.idempotent !== "natural")
    return problem(`Its task cancels by ${cancels.name}, which is not natural: a cancellation may come twice.`) as undefined;
  const { status } = propertiesOf(reads.output.outputJson);
  const statuses: readonly unknown[] = Array.isArray(status?.enum) ? status.enum : [];
  if (statuses.length === 0 || !statuses.every((one) => (taskStatuses as readonly unknown[]).includes(one)))
    return problem(`The output of ${reads.name} needs status, one of ${taskStatuses.join(", ")}. Declare it as an enum.`) as undefined;
  const outputs = propertiesOf(tool.output.outputJson);
  const lacking = [reads, cancels].flatMap((operation) => (operation === undefined ? [] : [...requiredOf(operation)]));
  const left = lacking.find((name) => outputs[name] === undefined);
  if (left !== undefined) return problem(`Its task needs ${left}, and its output has no such field.`) as undefined;
  return { reads, cancels };
}

/** Takes the input of what reads or cancels out of an output. */
export function taskInputOf({ input }: CompiledOperation, output: unknown): Readonly<Record<string, unknown>> {
  const names = fieldsOf(input);
  return Object.fromEntries(Object.entries(output as object).filter(([name]) => names.has(name)));
}

const propertiesOf = ({ properties = {} }: JsonSchema) => properties as Readonly<Record<string, JsonSchema>>;

function requiredOf({ input: { inputJson } }: CompiledOperation): readonly string[] {
  return Array.isArray(inputJson.required) ? inputJson.required : [];
}
