import type { JsonSchema } from "../../core/schema/standard.ts";
import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import { isFields } from "../carrier/message.ts";
import { paramsInvalid, promptUnknown, resourceUnknown } from "../faults.ts";
import type { McpModel } from "../model/model.ts";
import type { Asking, CallTerms } from "./asking.ts";

/** Suggests values of an argument: those of its schema that begin with what is there. *Faults thrown*: `mcp_params_invalid`, `mcp_prompt_unknown`, `mcp_resource_unknown`. */
export function complete({ model, limits }: CallTerms, { message }: Asking): object {
  const { ref, argument } = message.params;
  if (!isFields(argument) || typeof argument.name !== "string" || typeof argument.value !== "string")
    throw paramsInvalid('"argument" does not have a name and a value.');
  const properties = (referred(model, ref).input.inputJson.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const schema = Object.hasOwn(properties, argument.name) ? properties[argument.name] : undefined;
  if (schema === undefined) throw paramsInvalid(`There is no argument ${JSON.stringify(argument.name.slice(0, 128))}.`);
  const begun = argument.value;
  const found = valuesOf(schema).filter((value) => value.startsWith(begun));
  return { completion: { values: found.slice(0, limits.completions), total: found.length, hasMore: found.length > limits.completions } };
}

function referred({ prompts, resources }: McpModel, ref: unknown): CompiledOperation {
  if (isFields(ref) && ref.type === "ref/prompt" && typeof ref.name === "string") {
    const prompt = prompts.get(ref.name);
    if (prompt === undefined) throw promptUnknown(ref.name);
    return prompt.operation;
  }
  if (!isFields(ref) || ref.type !== "ref/resource" || typeof ref.uri !== "string")
    throw paramsInvalid('"ref" is neither a prompt nor a resource.');
  const resource = resources.get(ref.uri);
  if (resource === undefined) throw resourceUnknown(ref.uri);
  return resource.operation;
}

function valuesOf({ enum: values, const: only, anyOf, oneOf, examples }: JsonSchema): readonly string[] {
  const members = (anyOf ?? oneOf) as readonly JsonSchema[] | undefined;
  const all = [values, only, examples, ...(members ?? []).map(valuesOf)].flat();
  return [...new Set(all.filter((value) => typeof value === "string"))];
}
