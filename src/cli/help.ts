import { commonOptions } from "./arguments.ts";
import { exits } from "./exits.ts";
import type { Language } from "./language.ts";
import { paint, type Terminal } from "./terminal/terminal.ts";
import { table } from "./terminal/width.ts";
import { texts } from "./texts.ts";
import type { Verb, VerbOptions } from "./verb.ts";

/** For whom a help is written. */
export interface Reader {
  readonly language: Language;
  readonly terminal: Pick<Terminal, "columns" | "colours">;
}

/** Explains the command: its verbs in both languages, an example of each, the common options and the exit codes. */
export function helpOfAll(verbs: readonly Verb[], { language, terminal }: Reader): string[] {
  const text = texts[language];
  const section = (title: string, rows: readonly (readonly string[])[]) => ["", paint(terminal, "bold", title), ...table(rows, terminal)];
  return [
    text.usage,
    ...section(
      text.verbs,
      verbs.map(({ name, also, summary }) => [name, also[0], summary[language]]),
    ),
    ...section(
      text.examples,
      verbs.map(({ example }) => [`plimsoll ${example.line}`, example.does[language]]),
    ),
    ...section(text.everywhere, [...optionRows(commonOptions, language), ["--version", text.version]]),
    ...section(
      text.exits,
      Object.values(exits).map(({ code, means }) => [String(code), means[language]]),
    ),
    "",
    text.more,
  ];
}

/** Explains one verb, with an example. */
export function helpOf(verb: Verb, { language, terminal }: Reader): string[] {
  const text = texts[language];
  const { operands, example } = verb;
  const title = (words: string) => ["", paint(terminal, "bold", words)];
  return [
    verb.summary[language],
    "",
    text.usageOf([verb.name, text.anyOptions, ...(operands ? [operands.usage] : [])].join(" ")),
    `${text.names}: ${[...verb.also, `/${verb.name}`, `/${verb.also[0]}`].join(" ")}`,
    ...(operands ? ["", ...table([[operands.usage, operands.says[language]]], terminal)] : []),
    ...(Object.keys(verb.options).length > 0 ? [...title(text.options), ...table(optionRows(verb.options, language), terminal)] : []),
    ...title(text.everywhere),
    ...table(optionRows(commonOptions, language), terminal),
    ...title(text.example),
    ...table([[`plimsoll ${example.line}`, example.does[language]]], terminal),
  ];
}

function optionRows(options: VerbOptions, language: Language): readonly (readonly string[])[] {
  return Object.entries(options).map(([name, { type, short, value, says }]) => [
    `${short ? `-${short}, ` : ""}--${name}${type === "string" ? `=${value ?? "VALUE"}` : ""}`,
    says[language],
  ]);
}
