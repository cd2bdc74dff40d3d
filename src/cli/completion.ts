import { commonOptions } from "./arguments.ts";
import type { Language } from "./language.ts";
import type { Verb, VerbOption } from "./verb.ts";

/** The shells that the command has a completion for. */
export const shells = ["bash", "zsh", "fish"] as const;

/** What is completed, and in which language it is described. */
export interface Completed {
  readonly verbs: readonly Verb[];
  readonly language: Language;
}

/** Writes the completion for a shell: verbs by both names, and the options of the verb that stands on the line. */
export function completionFor(shell: (typeof shells)[number], completed: Completed): string[] {
  return writers[shell](completed);
}

const writers = { bash, zsh, fish } satisfies Record<(typeof shells)[number], (completed: Completed) => string[]>;

const namesOf = ({ name, also }: Verb) => [name, ...also];
const optionsOf = ({ options }: Verb) => Object.entries<VerbOption>({ ...options, ...commonOptions });
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const flag = ([name, { type }]: ReturnType<typeof optionsOf>[number]) => `--${name}${type === "string" ? "=" : ""}`;

function bash({ verbs }: Completed): string[] {
  return [
    "_plimsoll() {",
    `  local current="\${COMP_WORDS[COMP_CWORD]}" words`,
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words=${quoted([...verbs.flatMap(namesOf), "--help", "--version"].join(" "))}`,
    "  else",
    `    case "\${COMP_WORDS[1]#/}" in`,
    ...verbs.map((verb) => `      ${namesOf(verb).join("|")}) words=${quoted(optionsOf(verb).map(flag).join(" "))} ;;`),
    "    esac",
    "  fi",
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    `  case "\${COMPREPLY[0]}" in *=) compopt -o nospace 2>/dev/null ;; esac`,
    "}",
    "complete -o default -F _plimsoll plimsoll",
  ];
}

function zsh({ verbs, language }: Completed): string[] {
  const described = (name: string, says: string) => quoted(`${name}:${says.replaceAll(":", "\\:")}`);
  const spec = ([name, { type, says }]: ReturnType<typeof optionsOf>[number]) =>
    quoted(
      `--${name}${type === "string" ? "=" : ""}[${says[language].replaceAll(/[[\]:]/g, "\\$&")}]${type === "string" ? ":value:_files" : ""}`,
    );
  return [
    "#compdef plimsoll",
    "_plimsoll() {",
    "  local -a verbs",
    "  verbs=(",
    ...verbs.flatMap((verb) => namesOf(verb).map((name) => `    ${described(name, verb.summary[language])}`)),
    "  )",
    "  if (( CURRENT == 2 )); then",
    "    _describe verb verbs",
    "    return",
    "  fi",
    `  case "\${words[2]#/}" in`,
    ...verbs.map((verb) => `    ${namesOf(verb).join("|")}) _arguments ${optionsOf(verb).map(spec).join(" ")} '*:file:_files' ;;`),
    "  esac",
    "}",
    "compdef _plimsoll plimsoll",
  ];
}

function fish({ verbs, language }: Completed): string[] {
  return verbs.flatMap((verb) => [
    ...namesOf(verb).map((name) => `complete -c plimsoll -n __fish_use_subcommand -a ${name} -d ${quoted(verb.summary[language])}`),
    ...optionsOf(verb).map(
      ([name, { type, short, says }]) =>
        `complete -c plimsoll -n ${quoted(`__fish_seen_subcommand_from ${namesOf(verb).join(" ")}`)} -l ${name}${short ? ` -s ${short}` : ""}${type === "string" ? " -r" : ""} -d ${quoted(says[language])}`,
    ),
  ]);
}
