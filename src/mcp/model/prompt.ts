import type { JsonSchema } from "../../core/schema/standard.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { McpSpec } from "../../operation/online/mcp.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import { type Ask, asksOf } from "./asks/ask.ts";

/** A prompt as `prompts/list` has it. */
export interface ListedPrompt {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly arguments: readonly { readonly name: string; readonly description?: string; readonly required: boolean }[];
}

/** A query as a prompt. */
export interface Prompt {
  readonly name: string;
  readonly operation: CompiledOperation;
  readonly listed: ListedPrompt;
  readonly asks: readonly Ask[];
}

/** Makes the prompt of a query, and reports why it can be none. */
export function promptOf(operation: CompiledOperation, spec: McpSpec, problem: (message: string) => void): Prompt | undefined {
  const { prompt, title, content } = spec;
  if (prompt === undefined) return undefined;
  const name = prompt === true ? operation.name : prompt;
  if (operation.stream !== undefined || traitsOf(operation.operation).transaction !== "read")
    return problem("Only a query that returns an output is a prompt. Remove prompt.") as undefined;
  if (content === undefined) return problem("A prompt needs content, which makes its messages. Add it.") as undefined;
  const { properties = {}, required = [] } = operation.input.inputJson as {
    properties?: Readonly<Record<string, JsonSchema>>;
    required?: readonly string[];
  };
  const asks = asksOf(operation, spec, problem);
  const asked = new Set(asks.flatMap(({ fields }) => fields));
  const given = Object.entries(properties).filter(([field]) => !asked.has(field));
  const notText = given.find(([, { type }]) => type !== "string");
  if (notText !== undefined) return problem(`Its input has ${notText[0]}, which is not a text, as arguments of prompts are.`) as undefined;
  const listed: ListedPrompt = {
    name,
    ...(title !== undefined && { title }),
    description: operation.operation.spec.summary ?? operation.name,
    arguments: given.map(([field, { description }]) => ({
      name: field,
      ...(typeof description === "string" && { description }),
      required: required.includes(field),
    })),
  };
  return { name, operation, listed, asks };
}
