// What the conformance suite asks of a server, said by contracts.
import { action, fail, fault, query } from "plimsoll";
import { z } from "zod";
import { dot, silence } from "./media.ts";

const Broken = fault("broken", { code: "failed_precondition", message: "This tool fails." });
const Nothing = z.object({});
const Text = z.object({ text: z.string() });
const open = { input: Nothing, output: Text, access: "public", budget: "5s" } as const;
const write = { ...open, idempotent: "no", run: async () => ({ text: "ok" }) } as const;

const image = { type: "image", data: dot, mimeType: "image/png" } as const;
const embedded = (uri: string) => ({ type: "resource", uri, mimeType: "text/plain", text: "An embedded resource." }) as const;
const say = async () => ({ text: "It is done." });

const Step = z.object({ done: z.int(), text: z.string() });
const steps = [
  { done: 0, text: "It begins." },
  { done: 50, text: "Half of it is done." },
  { done: 100, text: "It is done." },
];
const streamed = {
  input: Nothing,
  stream: Step,
  access: "public",
  budget: "5s",
  idempotent: "no",
  async *run() {
    yield* steps;
  },
} as const;

const tools = [
  query("suite.text", { ...open, mcp: { tool: "test_simple_text" }, run: say }),
  query("suite.image", { ...open, mcp: { tool: "test_image_content", content: () => image }, run: say }),
  query("suite.audio", {
    ...open,
    mcp: { tool: "test_audio_content", content: () => ({ type: "audio", data: silence, mimeType: "audio/wav" }) },
    run: say,
  }),
  query("suite.embedded", {
    ...open,
    mcp: { tool: "test_embedded_resource", content: () => embedded("test://embedded-resource") },
    run: say,
  }),
  query("suite.mixed", {
    ...open,
    mcp: {
      tool: "test_multiple_content_types",
      content: ({ text }) => [{ type: "text", text }, image, embedded("test://mixed-content-resource")],
    },
    run: say,
  }),
  action("suite.break", { ...write, mcp: { tool: "test_error_handling" }, faults: [Broken], run: async () => fail(Broken, {}) }),
  action("suite.progress", {
    ...streamed,
    mcp: { tool: "test_tool_with_progress", progress: ({ done, text }) => ({ progress: done, total: 100, message: text }) },
  }),
  ...["tool_with_logging", "logging_tool"].map((tool) =>
    action(`suite.${tool.replaceAll("_", "-")}`, {
      ...streamed,
      mcp: { tool: `test_${tool}`, log: ({ text }) => ({ level: "info", data: text }) },
    }),
  ),
];

const watch = query("suite.watch", {
  ...{ input: Nothing, stream: Text, access: "public", budget: "5s" },
  async *run(_input, { open: begin, pause }) {
    begin();
    await pause("1m");
    yield { text: "It has changed." };
  },
});
const resources = [
  watch,
  query("suite.watched", { ...open, mcp: { resource: "test://watched-resource", updates: watch }, run: say }),
  query("suite.static", {
    ...open,
    mcp: { resource: "test://static-text" },
    http: { route: "GET /static", file: { type: "text/plain", text: ({ text }) => text } },
    run: say,
  }),
  query("suite.binary", { ...open, mcp: { resource: "test://static-binary", content: () => image }, run: say }),
  query("suite.template", {
    ...{ ...open, input: z.object({ id: z.string() }), mcp: { resource: "test://template/{id}/data" } },
    run: async ({ id }) => ({ text: id }),
  }),
];

const prompts = [
  query("suite.prompt", {
    ...{ ...open, summary: "A prompt", run: say },
    mcp: { prompt: "test_simple_prompt", content: ({ text }) => ({ type: "text", text }) },
  }),
  query("suite.prompt-of-two", {
    ...{ ...open, summary: "A prompt of two arguments", input: z.object({ arg1: z.string(), arg2: z.string() }) },
    mcp: { prompt: "test_prompt_with_arguments", content: ({ text }) => ({ type: "text", text }) },
    run: async ({ arg1, arg2 }) => ({ text: `arg1='${arg1}', arg2='${arg2}'` }),
  }),
  query("suite.prompt-with-resource", {
    ...{ ...open, summary: "A prompt with a resource", input: z.object({ resourceUri: z.string() }) },
    mcp: {
      prompt: "test_prompt_with_embedded_resource",
      content: ({ text }) => [embedded(text), { type: "text", text: "Please process it." }],
    },
    run: async ({ resourceUri }) => ({ text: resourceUri }),
  }),
  query("suite.prompt-with-image", {
    ...{ ...open, summary: "A prompt with an image", run: say },
    mcp: { prompt: "test_prompt_with_image", content: () => [image, { type: "text", text: "Please look at it." }] },
  }),
];

/** All of them. */
export const operations = [...tools, ...resources, ...prompts];
