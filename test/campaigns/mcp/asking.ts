// The tools and the prompt of the conformance suite that ask their client.
import { action, query } from "plimsoll";
import { z } from "zod";

const Text = z.object({ text: z.string() });
const write = { output: Text, access: "public", budget: "5s", idempotent: "no" } as const;
const say = async (input: object) => ({ text: JSON.stringify(input) });
const Name = z.object({ name: z.string() });
const Roots = z.object({ roots: z.array(z.object({ uri: z.string(), name: z.string().optional() })) });
const Answer = z.object({ capital: z.string() });

const options = ["option1", "option2", "option3"] as const;
const titled = (word: string) =>
  z.union(["value1", "value2", "value3"].map((value, at) => z.literal(value).meta({ title: `${word} ${at + 1}` })));

const name = { person: "What is your name?", fields: ["name"] } as const;
const capital = { model: "What is the capital of France?", field: "capital", maxTokens: 100 } as const;
const roots = { roots: "roots" } as const;

/** All of them. */
export const asking = [
  action("asks.sampling", {
    ...{ ...write, input: z.object({ prompt: z.string(), said: z.string() }), run: say },
    mcp: { tool: "test_sampling", asks: { said: { model: ({ prompt }) => `${prompt}`, field: "said", maxTokens: 100 } } },
  }),
  action("asks.elicitation", {
    ...{ ...write, input: z.object({ message: z.string(), username: z.string(), email: z.string() }), run: say },
    mcp: { tool: "test_elicitation", asks: { user: { person: ({ message }) => `${message}`, fields: ["username", "email"] } } },
  }),
  action("asks.defaults", {
    ...{ ...write, run: say },
    input: z.object({
      name: z.string().default("John Doe"),
      age: z.int().default(30),
      score: z.number().default(95.5),
      status: z.enum(["active", "inactive", "pending"]).default("active"),
      verified: z.boolean().default(true),
    }),
    mcp: {
      tool: "test_elicitation_sep1034_defaults",
      asks: { user: { person: "Who are you?", fields: ["name", "age", "score", "status", "verified"] } },
    },
  }),
  action("asks.choices", {
    ...{ ...write, run: say },
    input: z.object({
      untitledSingle: z.enum(options),
      titledSingle: titled("Option"),
      legacyEnum: z.enum(["opt1", "opt2", "opt3"]).meta({ enumNames: ["Option One", "Option Two", "Option Three"] }),
      untitledMulti: z.array(z.enum(options)),
      titledMulti: z.array(titled("Choice")),
    }),
    mcp: {
      tool: "test_elicitation_sep1330_enums",
      asks: {
        choices: {
          person: "What do you choose?",
          fields: ["untitledSingle", "titledSingle", "legacyEnum", "untitledMulti", "titledMulti"],
        },
      },
    },
  }),
  ...["test_input_required_result_elicitation", "test_streaming_elicitation"].map((tool) =>
    action(`asks.${tool.replaceAll("_", "-")}`, { ...write, input: Name, run: say, mcp: { tool, asks: { user_name: name } } }),
  ),
  ...["test_input_required_result_sampling", "test_missing_capability"].map((tool) =>
    action(`asks.${tool.replaceAll("_", "-")}`, { ...write, input: Answer, run: say, mcp: { tool, asks: { capital_question: capital } } }),
  ),
  action("asks.roots", {
    ...{ ...write, input: Roots, run: say },
    mcp: { tool: "test_input_required_result_list_roots", asks: { client_roots: roots } },
  }),
  ...["request_state", "tampered_state"].map((word) =>
    action(`asks.${word.replace("_", "-")}`, {
      ...{ ...write, input: z.object({ ok: z.boolean() }), run: say },
      mcp: { tool: `test_input_required_result_${word}`, asks: { confirmation: { person: "Please confirm", fields: ["ok"] } } },
    }),
  ),
  action("asks.several", {
    ...{ ...write, input: z.object({ ...Name.shape, ...Answer.shape, ...Roots.shape }), run: say },
    mcp: { tool: "test_input_required_result_multiple_inputs", asks: { user_name: name, greeting: capital, client_roots: roots } },
  }),
  action("asks.rounds", {
    ...{ ...write, input: z.object({ ...Name.shape, color: z.string() }), run: say },
    mcp: {
      tool: "test_input_required_result_multi_round",
      asks: { step1: name, step2: { after: "step1", person: ({ name: who }) => `What colour does ${who} like?`, fields: ["color"] } },
    },
  }),
  action("asks.able", {
    ...{ ...write, input: z.object({ name: z.string().optional(), ...Answer.shape }), run: say },
    mcp: { tool: "test_input_required_result_capabilities", asks: { user_name: name, greeting: capital } },
  }),
  query("asks.prompt", {
    ...{ input: z.object({ context: z.string() }), output: Text, access: "public", budget: "5s", summary: "A prompt that asks", run: say },
    mcp: {
      prompt: "test_input_required_result_prompt",
      asks: { user_context: { person: "What context should the prompt use?", fields: ["context"] } },
      content: ({ text }) => ({ type: "text", text }),
    },
  }),
];
