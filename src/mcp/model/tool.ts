import { hasBytes } from "../../core/schema/opaque/opaque.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { McpSpec } from "../../operation/online/mcp.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import { annotationsOf, confirmationOf, type ToolAnnotations } from "./annotations.ts";
import { type Ask, asksOf } from "./asks/ask.ts";
import type { ToolTask } from "./task.ts";

/** A tool as `tools/list` has it. */
export interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
  readonly annotations: ToolAnnotations;
  readonly _meta: Readonly<Record<string, unknown>>;
}

/** An operation as a tool, by itself. */
export interface OwnTool {
  readonly name: string;
  readonly operation: CompiledOperation;
  readonly listed: ListedTool;
  /** Makes the sentence that a person confirms first; undefined where none does, and for a call that needs none. */
  readonly confirmation: ((input: Readonly<Record<string, unknown>>) => string | undefined) | undefined;
  /** Whom its client is asked for what the arguments lack. */
  readonly asks: readonly Ask[];
}

/** An operation as a tool, with the others that it names. */
export interface Tool extends OwnTool {
  /** What reads and cancels the work that it starts; undefined where its result is all. */
  readonly task: ToolTask | undefined;
}

/** *Source*: MCP, "Tool Names". */
const nameForm = /^[A-Za-z0-9_.-]{1,128}$/;

/** Makes the tool of an operation, and reports why it can have none. */
export function toolOf(operation: CompiledOperation, spec: McpSpec, problem: (message: string) => void): OwnTool | undefined {
  const { tool: name = operation.name, title } = spec;
  if (!nameForm.test(name))
    return problem(`${JSON.stringify(name)} is not the name of a tool. Write letters, digits, "_", "-" and ".", at most 128.`) as undefined;
  if (operation.receives !== undefined)
    return problem("Its client sends messages while it streams, and that of a tool cannot. Remove mcp.") as undefined;
  if (operation.stream === undefined && (spec.progress ?? spec.log) !== undefined)
    problem("Only a stream has progress and log, of its items. Remove them, or declare a stream.");
  const { inputJson } = operation.input;
  if (hasBytes(inputJson)) return problem("Its input has bytes, which arguments in JSON cannot bring. Remove mcp.") as undefined;
  if (inputJson.type !== "object")
    return problem("Its input is not an object, and the arguments of a tool are one. Use z.object.") as undefined;
  const asks = asksOf(operation, spec, problem);
  const outputJson = resultSchemaOf(operation);
  const listed: ListedTool = {
    name,
    ...(title !== undefined && { title }),
    description: descriptionOf(operation),
    inputSchema: argumentsOf(inputJson, asks),
    // Clients of before 2026 take no other schema than that of an object.
    ...(outputJson.type === "object" && { outputSchema: outputJson }),
    annotations: annotationsOf(operation, spec),
    _meta: { "plimsoll/contract": { ...contractOf(operation), ...(asks.length > 0 && { asks: asks.map(({ key }) => key) }) } },
  };
  return { name, operation, listed, confirmation: confirmationOf(operation, name, spec), asks };
}

/** The items of a stream are one result. */
function resultSchemaOf({ stream, output: { outputJson } }: CompiledOperation): JsonSchema {
  if (stream === undefined) return outputJson;
  const { $defs, ...items } = outputJson;
  return {
    type: "object",
    properties: { items: { type: "array", items } },
    required: ["items"],
    ...($defs !== undefined && { $defs }),
  };
}

/** The schema of arguments: the client is asked for what they lack, so that no model has to make it up. */
export function argumentsOf(inputJson: JsonSchema, asks: readonly Ask[]): JsonSchema {
  const asked = new Set(asks.flatMap(({ fields }) => fields));
  if (asked.size === 0 || !Array.isArray(inputJson.required)) return inputJson;
  const required = inputJson.required.filter((name) => !asked.has(name));
  const { required: _, ...rest } = inputJson;
  return required.length === 0 ? rest : { ...rest, required };
}

function descriptionOf({ name, operation: { spec } }: CompiledOperation): string {
  const { summary = name, deprecated } = spec;
  return deprecated === undefined ? summary : `${summary} Deprecated: use something else.`;
}

/** What agents can plan by: how long a call may take, whether it takes a key, and how it can fail. */
function contractOf({ name, kind, limits, key, faults }: CompiledOperation): Readonly<Record<string, unknown>> {
  return {
    ...{ operation: name, kind, deadlineMs: limits.deadlineMs, idempotencyKey: key === "none" ? "none" : "required" },
    faults: [...faults.values()].map(({ type, code }) => ({ type, code })),
  };
}
