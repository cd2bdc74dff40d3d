import { isAbsolute, normalize, sep } from "node:path";
import { exits } from "../exits.ts";
import { type Given, Stop, type VerbOptions } from "../verb.ts";
import { texts } from "./texts.ts";
import type { AgentTool, FieldType, ToolCall } from "./tools.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Runs a tool, and returns its result. What it cannot do is a result too, from which an agent can do better. */
export async function runTool(tool: AgentTool, args: Fields, given: Given<VerbOptions>): Promise<object> {
  const { language } = given;
  try {
    const { exit, lines, data } = await tool.run({ args: checked(tool, args, given), given });
    return resultOf(lines.join("\n"), { exit: exits[exit].code, outcome: exit, result: data });
  } catch (error) {
    const stop = error instanceof Stop ? error : undefined;
    const message = stop?.message ?? texts[language].bug(error instanceof Error ? error.message : String(error));
    const exit = stop?.exit ?? "bug";
    const text = stop === undefined ? message : `${message} ${stop.fix}`;
    return { ...resultOf(text, { exit: exits[exit].code, outcome: exit, error: { message, fix: stop?.fix ?? "" } }), isError: true };
  }
}

function resultOf(text: string, structuredContent: object): object {
  return { content: [{ type: "text", text }], structuredContent, isError: false };
}

const isType: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string" && value !== "",
  boolean: (value) => typeof value === "boolean",
  integer: (value) => Number.isSafeInteger(value),
  strings: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
};

/** Checks arguments: their names, their types, and that no path leaves the folder of the server. */
function checked({ fields, required, paths }: AgentTool, args: Fields, { language }: Given<VerbOptions>): ToolCall["args"] {
  const say = texts[language];
  const fix = say.fieldsFix(Object.keys(fields).join(", "));
  const stop = (message: string, how = fix) => new Stop("usage", { message, fix: how });
  const lacking = required.find((name) => args[name] === undefined);
  if (lacking !== undefined) throw stop(say.lacksField(lacking));
  for (const [name, value] of Object.entries(args)) {
    const type = Object.hasOwn(fields, name) ? fields[name as keyof typeof fields] : undefined;
    if (type === undefined) throw stop(say.unknownField(name.slice(0, 100)));
    if (!isType[type](value)) throw stop(say.wrongField({ name, type }));
    if (paths.includes(name) && leaves(value as string))
      throw stop(say.outside({ field: name, path: (value as string).slice(0, 200) }), say.outsideFix);
  }
  return args as ToolCall["args"];
}

function leaves(path: string): boolean {
  const [first] = normalize(path).split(sep);
  return isAbsolute(path) || first === ".." || path.includes("\0");
}
