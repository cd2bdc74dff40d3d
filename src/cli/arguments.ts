import { parseArgs } from "node:util";
import type { Language } from "./language.ts";
import { nearest } from "./nearest.ts";
import { texts } from "./texts.ts";
import { Stop, type Verb, type VerbOptions } from "./verb.ts";

/** The options of every verb. */
export const commonOptions = {
  json: { type: "boolean", says: { en: texts.en.json, zh: texts.zh.json } },
  yes: { type: "boolean", short: "y", says: { en: texts.en.yes, zh: texts.zh.yes } },
  lang: { type: "string", value: "en|zh", says: { en: texts.en.lang, zh: texts.zh.lang } },
  help: { type: "boolean", short: "h", says: { en: texts.en.help, zh: texts.zh.help } },
} as const satisfies VerbOptions;

/** The command line, before the options of the verb are read. */
export interface Line {
  /** The first word that is not an option. */
  readonly verb: string | undefined;
  /** The options before the verb. */
  readonly before: readonly string[];
  /** Everything behind the verb. */
  readonly after: readonly string[];
  /** The value of `--lang`, wherever it stands. */
  readonly lang: string | undefined;
}

/** Finds the verb in a command line. Common options may stand before it. */
export function readLine(args: readonly string[]): Line {
  let at = 0;
  while (at < args.length && args[at]!.startsWith("-")) at += args[at] === "--lang" ? 2 : 1;
  return { verb: args[at], before: args.slice(0, at), after: args.slice(at + 1), lang: langOf(args) };
}

function langOf(args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => arg === "--lang" || arg.startsWith("--lang="));
  return args[at] === "--lang" ? args[at + 1] : args[at]?.slice("--lang=".length);
}

/** The options and operands of a verb, as they were given. */
export interface ReadArguments {
  readonly values: Readonly<Record<string, boolean | string | readonly string[] | undefined>>;
  readonly operands: readonly string[];
}

/** Reads the options and operands of a verb. *Faults*: {@link Stop} with `usage` and the nearest option. */
export function readArguments(verb: Verb, args: readonly string[], language: Language): ReadArguments {
  const text = texts[language];
  const options: VerbOptions = { ...verb.options, ...commonOptions };
  const { values, positionals, tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const refuse = (message: string, fix = text.seeHelp(verb.name)): never => {
    throw new Stop("usage", { message, fix });
  };
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = options[token.name];
    if (option === undefined) {
      const [near] = nearest(token.name, Object.keys(options));
      refuse(
        text.unknownOption({ verb: verb.name, option: token.rawName }),
        near === undefined ? undefined : `${text.didYouMean(`--${near}`)} ${text.seeHelp(verb.name)}`,
      );
    } else if (option.type === "boolean" && token.value !== undefined) refuse(text.takesNoValue(token.rawName));
    else if (option.type === "string" && (token.value === undefined || (!token.inlineValue && token.value.startsWith("-"))))
      refuse(text.needsValue(token.rawName));
  }
  const most = verb.operands?.max ?? 0;
  if (positionals.length > most) refuse(text.tooMany({ verb: verb.name, operand: positionals[most]! }));
  return { values: values as ReadArguments["values"], operands: positionals };
}
