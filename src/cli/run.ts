import { release } from "../postgres/migrate/release.ts";
import { type Line, readArguments, readLine } from "./arguments.ts";
import { type ExitName, exits } from "./exits.ts";
import { helpOf, helpOfAll } from "./help.ts";
import { chooseLanguage, type Language, readLanguage } from "./language.ts";
import { nearest } from "./nearest.ts";
import { paint, type Terminal } from "./terminal/terminal.ts";
import { texts } from "./texts.ts";
import { type Given, type Report, Stop, type Verb, type VerbOptions } from "./verb.ts";
import { findVerb, verbs } from "./verbs.ts";
import { welcome } from "./welcome.ts";

/** Where the command runs. */
export interface Place {
  readonly terminal: Terminal;
  /** The working directory. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Called before a verb runs that does not handle signals itself. */
  ownSignals(): void;
}

/** Runs one command line, prints its result or its error, and returns the exit code of the process. */
export async function run(args: readonly string[], place: Place): Promise<number> {
  const line = readLine(args);
  const { folder, terminal } = place;
  const language = chooseLanguage({ flag: line.lang, folder, verb: line.verb, env: terminal.env });
  const isRaw = findVerb(line.verb ?? "")?.isRaw === true;
  const isJson = (isRaw ? line.before : args).includes("--json");
  try {
    const report = await reportOf(line, { ...place, language, isJson });
    const exit = place.signal.aborted ? "interrupted" : report.exit;
    if (isJson)
      terminal.out(
        `${JSON.stringify({ verb: findVerb(line.verb ?? "")?.name ?? null, ...exitOf(exit), result: report.data }, undefined, 2)}\n`,
      );
    else if (report.lines.length > 0) terminal.out(`${report.lines.join("\n")}\n`);
    if (exit === "interrupted") terminal.err(`${texts[language].stopped}\n`);
    return exits[exit].code;
  } catch (error) {
    const stop = error instanceof Stop ? error : bugOf(error, { terminal, language });
    const exit = place.signal.aborted ? "interrupted" : stop.exit;
    if (isJson)
      terminal.out(
        `${JSON.stringify({ verb: line.verb ?? null, ...exitOf(exit), error: { message: stop.message, fix: stop.fix } }, undefined, 2)}\n`,
      );
    else if (exit === "interrupted") terminal.err(`${texts[language].stopped}\n`);
    else terminal.err(`${paint(terminal, "red", texts[language].error)}${texts[language].colon}${sentences(stop)}\n`);
    return exits[exit].code;
  }
}

/** Chinese has no space behind a sentence. */
function sentences({ message, fix }: Stop): string {
  return /[。？！]$/.test(message) ? `${message}${fix}` : `${message} ${fix}`;
}

interface Running extends Place {
  readonly language: Language;
  readonly isJson: boolean;
}

async function reportOf({ verb: word, before, after, lang }: Line, running: Running): Promise<Report> {
  const { language, terminal } = running;
  const rest = [...before, ...after];
  const text = texts[language];
  const found = findVerb(word ?? "");
  if (found?.isRaw !== true && lang !== undefined && readLanguage(lang) === undefined)
    throw new Stop("usage", { message: text.unknownLanguage(lang), fix: text.languages });
  if (rest.includes("--version") && word === undefined) return said([release], { version: release });
  const asksHelp = word === "help" || word === "帮助" || (word === undefined && rest.some((arg) => arg === "--help" || arg === "-h"));
  if (asksHelp) {
    const asked = rest.map(findVerb).find((verb) => verb !== undefined);
    return asked ? explain(asked, running) : said(helpOfAll(verbs, { language, terminal }), { verbs: verbs.map(described) });
  }
  if (word === undefined) return welcomeReport(rest, running);
  if (found === undefined) throw unknownVerb(word, language);
  return runVerb(found, found.isRaw ? after : rest, running);
}

function welcomeReport(rest: readonly string[], running: Running): Report {
  // The options that every verb has are read by the rules of a verb that has no other.
  readArguments({ ...findVerb("completion")!, name: "", options: {} }, rest, running.language);
  return welcome(verbs, running);
}

async function runVerb(verb: Verb, rest: readonly string[], running: Running): Promise<Report> {
  const { language, terminal, folder, signal } = running;
  if (verb.isRaw) {
    if (rest[0] === "--help" || rest[0] === "-h") return explain(verb, running);
    return verb.run({ values: {}, operands: rest, json: false, yes: false, language, folder, signal, terminal });
  }
  const { values, operands } = readArguments(verb, rest, language);
  if (values.help === true) return explain(verb, running);
  running.ownSignals();
  const [json, yes] = [values.json === true, values.yes === true];
  return verb.run({
    values: values as Given<VerbOptions>["values"],
    operands,
    json,
    yes,
    language,
    folder,
    signal,
    terminal,
  });
}

function explain(verb: Verb, { language, terminal }: Running): Report {
  return said(helpOf(verb, { language, terminal }), described(verb));
}

function described({ name, also, summary, example, options }: Verb): object {
  return { name, also, summary, example, options };
}

function said(lines: readonly string[], data: unknown): Report {
  return { exit: "fine", lines, data };
}

function exitOf(exit: ExitName): object {
  return { exit: exits[exit].code, outcome: exit };
}

function unknownVerb(word: string, language: Language): Stop {
  const text = texts[language];
  const names = verbs.flatMap(({ name, also }) => [name, ...also]);
  const near = nearest(word.replace(/^[/／]/, ""), names);
  const all = text.allVerbs(verbs.map(({ name }) => name).join(text.comma));
  const fix = near.length > 0 ? text.didYouMean(near.map((name) => `plimsoll ${name}`).join(text.or)) : all;
  return new Stop("usage", { message: text.unknownVerb(word), fix });
}

function bugOf(error: unknown, { terminal, language }: Pick<Running, "terminal" | "language">): Stop {
  const text = texts[language];
  if (terminal.env.DEBUG?.includes("plimsoll") && error instanceof Error) terminal.err(`${error.stack}\n`);
  return new Stop("bug", { message: text.bug(error instanceof Error ? error.message : String(error)), fix: text.report });
}
