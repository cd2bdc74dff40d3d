import type { JsonSchema } from "../../../core/schema/standard.ts";
import type { McpAsk, McpSentence, McpSpec } from "../../../operation/online/mcp.ts";
import { type CompiledOperation, fieldsOf } from "../../../pipeline/registry/compiled.ts";
import { isFields } from "../../carrier/message.ts";
import { formFieldOf } from "./form.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a client has to declare before it can be asked. */
export type AskCapability = "elicitation" | "sampling" | "roots";

/** One question to a client, which brings fields of the input. */
export interface Ask {
  readonly key: string;
  readonly after: string | undefined;
  readonly capability: AskCapability;
  readonly fields: readonly string[];
  /** Whether the operation cannot run without one of its fields. */
  readonly required: boolean;
  /** Makes the request to the client, for the fields that the input lacks. */
  request(input: Fields): { readonly method: string; readonly params: Fields };
  /** Reads the fields out of a response; undefined where it is no response to this. */
  read(response: Fields): Fields | undefined;
}

/** What each kind of question needs to be made. */
interface Terms {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
  readonly problem: (message: string) => void;
}

/** Makes the questions of an operation, and reports those that no client could be asked. */
export function asksOf(
  { input }: CompiledOperation,
  { asks = {} }: Pick<McpSpec, "asks">,
  problem: (message: string) => void,
): readonly Ask[] {
  const { properties = {}, required = [] } = input.inputJson as { properties?: Terms["properties"]; required?: Terms["required"] };
  const known = fieldsOf(input);
  const made: Ask[] = [];
  for (const [key, spec] of Object.entries(asks)) {
    const fields = "fields" in spec ? spec.fields : ["model" in spec ? spec.field : spec.roots];
    const unknown = fields.find((name) => !known.has(name));
    const { after } = spec;
    if (unknown !== undefined) problem(`asks.${key} has ${unknown}, and the input has no such field.`);
    else if (key === "confirm") problem('asks has "confirm", which is the name of a confirmation. Give it another name.');
    else if (after !== undefined && !made.some((other) => other.key === after))
      problem(`asks.${key} comes after ${after}, which does not stand in front of it.`);
    else {
      const base = { key, after, fields, required: fields.some((name) => required.includes(name)) };
      made.push({ ...base, ...kindOf(spec, fields, { properties, required, problem: (message) => problem(`asks.${key}: ${message}`) }) });
    }
  }
  return made;
}

type Kind = Pick<Ask, "capability" | "request" | "read">;

function kindOf(spec: McpAsk<string>, fields: readonly string[], terms: Terms): Kind {
  if ("person" in spec) return personKind(spec.person, fields, terms);
  if ("model" in spec) return modelKind(spec);
  return {
    capability: "roots",
    request: () => ({ method: "roots/list", params: {} }),
    read: ({ roots }) => (Array.isArray(roots) ? { [spec.roots]: roots } : undefined),
  };
}

function personKind(sentence: McpSentence<string>, fields: readonly string[], { properties, required, problem }: Terms): Kind {
  const form = new Map<string, JsonSchema>();
  for (const name of fields) {
    const schema = formFieldOf(properties[name] ?? {});
    if (schema === undefined) problem(`${name} fits into no form: a form has texts, numbers, choices and yes or no.`);
    else form.set(name, schema);
  }
  return {
    capability: "elicitation",
    request: (input) => {
      const lacking = [...form].filter(([name]) => !Object.hasOwn(input, name));
      const requestedSchema = {
        type: "object",
        properties: Object.fromEntries(lacking),
        required: lacking.map(([name]) => name).filter((name) => required.includes(name)),
      };
      return { method: "elicitation/create", params: { mode: "form", message: said(sentence, input), requestedSchema } };
    },
    read: ({ action, content }) => {
      if (action !== "accept" || !isFields(content)) return undefined;
      return Object.fromEntries(Object.entries(content).filter(([name]) => form.has(name)));
    },
  };
}

function modelKind({ model, field, maxTokens }: Extract<McpAsk<string>, { readonly model: unknown }>): Kind {
  return {
    capability: "sampling",
    request: (input) => {
      const messages = [{ role: "user", content: { type: "text", text: said(model, input) } }];
      return { method: "sampling/createMessage", params: { messages, maxTokens } };
    },
    read: ({ content }) => {
      const blocks: readonly unknown[] = Array.isArray(content) ? content : [content];
      const texts = blocks.flatMap((block) => (isFields(block) && typeof block.text === "string" ? [block.text] : []));
      return texts.length === 0 ? undefined : { [field]: texts.join("\n") };
    },
  };
}

const said = (sentence: McpSentence<string>, input: Fields): string => (typeof sentence === "string" ? sentence : sentence(input));
