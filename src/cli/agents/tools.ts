import type { Given, Report, VerbOptions } from "../verb.ts";
import { check } from "../verbs/check.ts";
import { design, openDesign } from "../verbs/design.ts";
import { plan } from "../verbs/plan.ts";
import { answer } from "./answer.ts";
import type { texts } from "./texts.ts";

/** The types that an argument of a tool can have. */
export type FieldType = "string" | "boolean" | "integer" | "strings";

type Texts = (typeof texts)["en"];

/** What a tool is given: its arguments, checked, and where it works. */
export interface ToolCall {
  readonly args: Readonly<Record<string, string | boolean | number | readonly string[]>>;
  readonly given: Given<VerbOptions>;
}

/** One tool of the server for agents. */
export interface AgentTool {
  readonly name: keyof Texts["tools"];
  readonly fields: { readonly [Name in keyof Texts["fields"]]?: FieldType };
  readonly required: readonly (keyof Texts["fields"])[];
  /** The arguments that are paths inside the folder of the server. */
  readonly paths: readonly string[];
  /** Whether it changes no files. */
  readonly reads: boolean;
  run(call: ToolCall): Promise<Report>;
}

/** Calls a verb with options and what stands beside them. */
const verb = ({ given }: ToolCall, values: Readonly<Record<string, unknown>>, operand?: unknown): Given<VerbOptions> => ({
  ...given,
  values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<VerbOptions>["values"],
  operands: typeof operand === "string" ? [operand] : [],
});
const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

/** The tools, in the order of a project's life. */
export const tools: readonly AgentTool[] = [
  {
    name: "questions",
    ...{ fields: { document: "string", out: "string" }, required: [], paths: ["document", "out"], reads: true },
    async run({ args, given }) {
      const { questions, lines } = await openDesign({ ...given, named: text(args.document), target: text(args.out) });
      return { exit: "fine", lines, data: { questions } };
    },
  },
  {
    name: "answer",
    fields: { code: "string", value: "string", document: "string", out: "string" },
    ...{ required: ["code", "value"], paths: ["document", "out"], reads: false },
    run: ({ args, given }) =>
      answer({ ...given, code: String(args.code), value: String(args.value), named: text(args.document), target: text(args.out) }),
  },
  {
    name: "check",
    ...{ fields: { folder: "string" }, required: [], paths: ["folder"], reads: true },
    run: (call) => check.run(verb(call, {}, call.args.folder)),
  },
  {
    name: "design",
    fields: { document: "string", assume: "boolean", out: "string" },
    ...{ required: [], paths: ["document", "out"], reads: false },
    run: (call) => design.run(verb(call, { assume: call.args.assume, out: call.args.out }, call.args.document)),
  },
  {
    name: "plan",
    fields: { why: "strings", peak: "integer", cores: "integer", connections: "integer", out: "string" },
    ...{ required: [], paths: ["out"], reads: false },
    run: (call) => {
      const { why, peak, cores, connections, out } = call.args;
      return plan.run(verb(call, { why, peak: text(peak), cores: text(cores), connections: text(connections), out }));
    },
  },
];
