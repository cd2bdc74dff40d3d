import type { Ask } from "../mcp/model/asks/ask.ts";
import { promptOf } from "../mcp/model/prompt.ts";
import { argumentsOf, toolOf } from "../mcp/model/tool.ts";
import type { McpSpec } from "../operation/online/mcp.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { describeTerms, schemaOf } from "./describe-terms.ts";
import type { DescribedTool } from "./description.ts";

type Described = readonly (readonly [string, DescribedTool])[];

/** Describes the tool or the prompt of an operation, under its name; none where it has none, or the app would not start with it. */
export function describeTool(compiled: CompiledOperation): Described {
  const { mcp } = compiled.operation.spec;
  if (mcp === undefined) return [];
  const spec = mcp === true ? {} : mcp;
  return spec.prompt === undefined ? describeOne(compiled, spec) : describePrompt(compiled, spec);
}

function describeOne(compiled: CompiledOperation, spec: McpSpec): Described {
  const tool = toolOf(compiled, spec, () => undefined);
  if (tool === undefined) return [];
  const { annotations, outputSchema } = tool.listed;
  const { title: _, ...hints } = annotations;
  const described: DescribedTool = {
    operation: compiled.name,
    ...describeTerms(compiled),
    ...asked(compiled, tool.asks),
    ...(outputSchema !== undefined && { output: schemaOf(outputSchema) }),
    hints,
    ...(tool.confirmation !== undefined && { confirms: true }),
    ...(spec.resource !== undefined && { resource: spec.resource }),
  };
  return [[tool.name, described]];
}

/** A prompt stands under its name with its kind in front, since a tool may have the same. */
function describePrompt(compiled: CompiledOperation, spec: McpSpec): Described {
  const prompt = promptOf(compiled, spec, () => undefined);
  if (prompt === undefined) return [];
  const described = {
    operation: compiled.name,
    ...describeTerms(compiled),
    ...asked(compiled, prompt.asks),
    hints: {},
    prompt: true,
  } as const;
  return [[`prompt ${prompt.name}`, described]];
}

/** What its client is asked for: those fields no agent has to send, and its client has to be able to ask. */
function asked({ input }: CompiledOperation, asks: readonly Ask[]): object {
  if (asks.length === 0) return {};
  const needs = [...new Set(asks.filter(({ required }) => required).map(({ capability }) => capability))].sort();
  return { input: schemaOf(argumentsOf(input.inputJson, asks)), ...(needs.length > 0 && { needs }) };
}
