// Every change of a tool is found, by name: those that break an agent or its client, and the others as harmless.
import { role, signedIn } from "plimsoll";
import { z } from "zod";
import type { Change } from "../../src/contracts/change.ts";
import { compareContracts } from "../../src/contracts/compare.ts";
import { findsBreaks, findsNoBreaks } from "./judge.ts";
import { base, describeSample, type Planted } from "./sample.ts";

interface Row {
  readonly name: string;
  readonly from?: Planted;
  readonly to: Planted;
  readonly finds: readonly string[];
}

const { query: q, command: c } = base;
const dates = { since: "2026-01-01", use: "shop.buy" };

/** Changes of the command, which is the tool `shop.order`, and of the query, which is `shop.search` and a resource. */
const order = (change: object): Planted => ({ command: { ...change } });
const search = (change: object): Planted => ({ query: { ...change } });

const Words = z.object({ words: z.string() });
const prompt = { prompt: true, content: () => ({ type: "text", text: "Look." }) } as const;

const breaks: readonly Row[] = [
  { name: "a tool that is gone", to: order({ mcp: undefined }), finds: ["tool_removed shop.order"] },
  { name: "an operation that is gone", to: { names: { command: "gone" } }, finds: ["tool_removed shop.order"] },
  {
    name: "gone before its day",
    from: order({ deprecated: { ...dates, removeAfter: "2026-12-20" } }),
    to: order({ mcp: undefined, deprecated: { ...dates, removeAfter: "2026-12-20" } }),
    finds: ["tool_removed shop.order"],
  },
  { name: "another name", to: order({ mcp: { tool: "buy", destructive: false } }), finds: ["tool_renamed shop.order"] },
  { name: "an operation of another name", to: { names: { query: "shop.find" } }, finds: ["tool_removed shop.search"] },
  {
    name: "a tool that destroys now",
    to: order({ mcp: { destructive: true, confirm: false } }),
    finds: ["hint_changed shop.order destructiveHint"],
  },
  { name: "a person who confirms", to: order({ mcp: { destructive: false, confirm: true } }), finds: ["confirmation_added shop.order"] },
  {
    name: "what destroys, and is confirmed for it",
    to: order({ mcp: { destructive: true } }),
    finds: ["hint_changed shop.order destructiveHint", "confirmation_added shop.order"],
  },
  {
    name: "a key that is needed",
    from: order({ idempotent: "natural" }),
    to: order({ idempotent: "key" }),
    finds: ["key_required shop.order", "hint_changed shop.order idempotentHint"],
  },
  {
    name: "input that its client is asked for, and a field that it is not asked for any more",
    from: order({ input: c.input.extend({ note: z.string() }), mcp: { destructive: false } }),
    to: order({
      input: c.input.extend({ note: z.string() }),
      mcp: { destructive: false, asks: { a: { person: "Which?", fields: ["note"] } } },
    }),
    finds: ["need_added shop.order elicitation"],
  },
  {
    name: "a tool that is a prompt now",
    from: search({ input: Words, mcp: true }),
    to: search({ input: Words, mcp: prompt }),
    finds: ["tool_renamed shop.search"],
  },
  {
    name: "a prompt of another name",
    from: search({ input: Words, mcp: prompt }),
    to: search({ input: Words, mcp: { ...prompt, prompt: "find" } }),
    finds: ["tool_renamed prompt shop.search"],
  },
  { name: "a resource that is gone", to: search({ mcp: true }), finds: ["resource_changed shop.search"] },
  { name: "a resource at another address", to: search({ mcp: { resource: "shop://found" } }), finds: ["resource_changed shop.search"] },
  {
    name: "an argument that is needed",
    to: order({ input: c.input.extend({ note: z.string() }) }),
    finds: ["input_field_required shop.order input.note"],
  },
  {
    name: "an argument with fewer values",
    to: order({ input: c.input.extend({ quantity: z.int().min(2) }) }),
    finds: ["input_narrowed shop.order input.quantity"],
  },
  {
    name: "a value that is gone",
    to: order({ output: c.output.omit({ total: true }) }),
    finds: ["output_field_removed shop.order output.total"],
  },
  {
    name: "an output that is not an object",
    to: search({ output: z.union([q.output, z.object({ none: z.literal(true) })]) }),
    finds: ["tool_output_removed shop.search"],
  },
  { name: "fewer callers", to: search({ access: role("clerk") }), finds: ["access_narrowed shop.search"] },
  { name: "less time", to: order({ budget: { deadline: "1s" } }), finds: ["deadline_tightened shop.order"] },
  {
    name: "a fault that is gone",
    to: order({ faults: { closed: c.faults.closed } }),
    finds: ["fault_removed shop.order fault out_of_stock"],
  },
];

const harmless: readonly Row[] = [
  { name: "nothing", to: {}, finds: [] },
  { name: "a new tool", from: order({ mcp: undefined }), to: {}, finds: ["tool_added shop.order"] },
  { name: "a title", to: order({ mcp: { destructive: false, title: "Order" } }), finds: [] },
  { name: "a summary", to: order({ summary: "Order it" }), finds: [] },
  {
    name: "gone after its day",
    from: order({ deprecated: { ...dates, removeAfter: "2026-11-20" } }),
    to: order({ mcp: undefined, deprecated: { ...dates, removeAfter: "2026-11-20" } }),
    finds: ["tool_retired shop.order"],
  },
  {
    name: "a tool that only adds now",
    from: order({ mcp: { destructive: true, confirm: false } }),
    to: {},
    finds: ["hint_eased shop.order destructiveHint"],
  },
  {
    name: "a confirmation less",
    from: order({ mcp: { destructive: false, confirm: true } }),
    to: {},
    finds: ["confirmation_removed shop.order"],
  },
  {
    name: "another sentence to confirm",
    from: order({ mcp: { destructive: false, confirm: "Buy?" } }),
    to: order({ mcp: { destructive: false, confirm: "Order?" } }),
    finds: [],
  },
  { name: "a resource", from: search({ mcp: true }), to: {}, finds: ["resource_added shop.search"] },
  {
    name: "the name of an operation that its tool does not have",
    from: { ...search({ mcp: { tool: "find" } }) },
    to: { ...search({ mcp: { tool: "find" } }), names: { query: "shop.look" } },
    finds: [],
  },
  {
    name: "an argument that may be left out",
    to: order({ input: c.input.extend({ note: z.string().optional() }) }),
    finds: ["input_field_added shop.order input.note"],
  },
  {
    name: "a value more",
    to: order({ output: c.output.extend({ note: z.string() }) }),
    finds: ["output_field_added shop.order output.note"],
  },
  { name: "every caller who has signed in", to: search({ access: signedIn() }), finds: ["access_widened shop.search"] },
  { name: "more time", to: order({ budget: { deadline: "3s" } }), finds: ["deadline_raised shop.order"] },
  { name: "another route", to: order({ http: { route: "POST /v2/orders" } }), finds: [] },
];

/** The changes of tools; those of the same contracts over HTTP have tables of their own. */
function compared({ from = {}, to }: Row): readonly Change[] {
  const tools = ({ query, command, ...rest }: Planted): Planted => ({
    ...rest,
    query: { mcp: { resource: "shop://all" }, ...query } as Planted["query"] & object,
    command: { mcp: { destructive: false }, ...command } as Planted["command"] & object,
  });
  const all = compareContracts(describeSample(tools(from)), describeSample(tools(to)), { today: "2026-12-01" });
  return all.filter(({ part }) => part === "mcp");
}

findsBreaks({ title: "a break of a tool is found, with whom it breaks and what to do", rows: breaks, compared });
findsNoBreaks({ title: "a harmless change of a tool breaks no agent", rows: harmless, compared });
