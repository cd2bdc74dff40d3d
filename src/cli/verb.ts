import type { ExitName } from "./exits.ts";
import type { Both, Language } from "./language.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** An option of a verb, as parseArgs of node:util reads it, with its text in both languages. */
export interface VerbOption {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** The option may come several times. */
  readonly multiple?: boolean;
  /** How the help names the value of a "string", as in `FILE`. *Default*: `VALUE`. */
  readonly value?: string;
  readonly says: Both<string>;
}

/** The options of a verb by their names. `json`, `yes`, `lang` and `help` are every verb's. */
export type VerbOptions = Readonly<Record<string, VerbOption>>;

type Value<O extends VerbOption> = "string" | "boolean" extends O["type"]
  ? string | boolean | readonly string[]
  : O["type"] extends "boolean"
    ? boolean
    : O["multiple"] extends true
      ? readonly string[]
      : string;

/** What a verb is given. */
export interface Given<O extends VerbOptions> {
  readonly values: { readonly [Name in keyof O]?: Value<O[Name]> };
  /** What stands beside the options. */
  readonly operands: readonly string[];
  readonly language: Language;
  /** The working directory. */
  readonly folder: string;
  /** The caller reads JSON. The frame prints `data` of the {@link Report}: a verb needs this only to say nothing meanwhile. */
  readonly json: boolean;
  /** Questions are decided by their defaults. */
  readonly yes: boolean;
  /** Aborts at Ctrl-C. The verb then leaves its files whole and returns; the frame ends the process with 130. */
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** What a verb returns: what it prints for people, and the same as data for `--json`. */
export interface Report {
  readonly exit: ExitName;
  readonly lines: readonly string[];
  readonly data: unknown;
}

/** One verb of the command: a row of `verbs.ts`. */
export interface Verb<O extends VerbOptions = VerbOptions> {
  /** In English and lower case. */
  readonly name: string;
  /** Further names: the Chinese name first. Each, and `name`, is also understood with a slash in front. */
  readonly also: readonly [string, ...string[]];
  readonly summary: Both<string>;
  /** What stands beside the options, as in `[folder]`, and how many there may be. *Default*: nothing. */
  readonly operands?: { readonly usage: string; readonly max: number; readonly says: Both<string> };
  /** What follows `plimsoll` in an example, and what the example does. */
  readonly example: { readonly line: string; readonly does: Both<string> };
  readonly options: O;
  /** Its arguments are those of another program: the frame reads none but a first `--help`, and leaves signals to the verb. *Default*: no. */
  readonly isRaw?: true;
  /** Says that this verb is the next step in a folder. The first row that says so is named by `plimsoll` alone. *Default*: never. */
  isNext?(folder: string): boolean;
  /** Does the work. Throws a {@link Stop} where it cannot. What it needs beyond the frame it imports here, by `await import(…)`. */
  run(given: Given<O>): Promise<Report>;
}

/** Declares a verb, with the types of its options' values. */
export function defineVerb<const O extends VerbOptions>(verb: Verb<O>): Verb {
  return verb;
}

/** Ends the command: with an exit code, what happened and why, and what to do. */
export class Stop extends Error {
  readonly exit: ExitName;
  /** What to do about it. */
  readonly fix: string;

  constructor(exit: ExitName, { message, fix }: { readonly message: string; readonly fix: string }) {
    super(message);
    this.name = "Stop";
    this.exit = exit;
    this.fix = fix;
  }
}
