import { isFields } from "../carrier/message.ts";
import { paramsInvalid, promptUnknown } from "../faults.ts";
import { contentOf, writeBlock } from "../model/content.ts";
import { prepare } from "./ask/prepare.ts";
import type { Asking, CallTerms } from "./asking.ts";
import { runCall } from "./invocation.ts";

/** Gets a prompt: the messages that its query makes. *Faults thrown*: `mcp_prompt_unknown`, `mcp_params_invalid`, and all others of its query. */
export async function getPrompt(terms: CallTerms, asking: Asking): Promise<Readonly<Record<string, unknown>>> {
  const { carrier, message, signal } = asking;
  const { name, arguments: input = {} } = message.params;
  if (typeof name !== "string") throw paramsInvalid('"name" is not the name of a prompt.');
  const prompt = terms.model.prompts.get(name);
  if (prompt === undefined) throw promptUnknown(name);
  if (!isFields(input)) throw paramsInvalid('"arguments" is not an object.');
  const prepared = await prepare(terms, asking, { callable: prompt, call: { target: `prompts/get ${name}`, input } });
  if ("result" in prepared) return prepared.result;
  const call = { carrier, signal, input: prepared.input, idempotencyKey: prepared.key, method: "prompts/get", target: name } as const;
  const done = await runCall(terms.runtime, prompt.operation, call);
  if (done.fault !== undefined) throw done.fault;
  const blocks = contentOf(prompt.operation, done.output?.value) ?? [];
  return {
    description: prompt.listed.description,
    messages: blocks.map((block) => ({ role: block.role ?? "user", content: writeBlock(block) })),
  };
}
