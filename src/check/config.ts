import { type RuleName, rules } from "./finding.ts";

/** A place that may break a rule for a while. */
export interface CheckException {
  readonly rule: RuleName;
  /** A file, or a pattern with `*` and `**`. *Default*: every file. */
  readonly file?: string;
  /** Why it may. */
  readonly reason: string;
  /** The last day on which it may, as `2027-03-31`. */
  readonly until: string;
}

/** What `plimsoll.config.ts` exports as `check`. Paths are relative to its folder; patterns have `*` and `**`. */
export interface CheckConfig {
  /** Folders whose files are checked. *Default*: the folder itself. */
  readonly sources?: readonly string[];
  /** Folders that have further tests. Files named `*.test.ts` or `*.spec.ts`, and those below a folder `test`, `tests` or `__tests__`, are tests anyway. */
  readonly tests?: readonly string[];
  /** Files of a module that others may import. *Default*: `contract.ts`, `*-contract.ts`, `events.ts` and what lies in a folder `contract` or `contracts`. */
  readonly contracts?: readonly string[];
  /** Files of a module that import nothing outward. *Default*: `domain.ts`, `*-domain.ts` and what lies in a folder `domain`. */
  readonly domains?: readonly string[];
  /** Packages that reach the network, besides those that the check knows. */
  readonly network?: readonly string[];
  readonly exceptions?: readonly CheckException[];
}

/** Where contracts and domains are, unless the configuration says otherwise. */
export const defaultContracts = ["**/contract.ts", "**/*-contract.ts", "**/events.ts", "**/contract/**", "**/contracts/**"];
/** See {@link defaultContracts}. */
export const defaultDomains = ["**/domain.ts", "**/*-domain.ts", "**/domain/**"];

/** Says what is wrong with a configuration, with its place in it; nothing where it can be used. */
export function problemsOf(config: unknown): readonly string[] {
  if (typeof config !== "object" || config === null) return ["check: an object"];
  const { exceptions, ...lists } = config as Record<string, unknown>;
  const known = ["sources", "tests", "contracts", "domains", "network"];
  return [
    ...Object.entries(lists).flatMap(([name, value]) => {
      if (!known.includes(name)) return [`check.${name}: ${[...known, "exceptions"].join(", ")}`];
      return Array.isArray(value) && value.every((item) => typeof item === "string") ? [] : [`check.${name}: string[]`];
    }),
    ...(exceptions === undefined
      ? []
      : Array.isArray(exceptions)
        ? exceptions.flatMap(problemsOfException)
        : ["check.exceptions: an array"]),
  ];
}

function problemsOfException(exception: unknown, index: number): readonly string[] {
  const place = `check.exceptions[${index}]`;
  if (typeof exception !== "object" || exception === null) return [`${place}: { rule, file, reason, until }`];
  const { rule, file, reason, until } = exception as Record<string, unknown>;
  return [
    ...(rules.includes(rule as RuleName) && !String(rule).startsWith("exception-")
      ? []
      : [`${place}.rule: ${rules.slice(0, -2).join(", ")}`]),
    ...(file === undefined || typeof file === "string" ? [] : [`${place}.file: a path or a pattern`]),
    ...(typeof reason === "string" && reason.trim().length >= minReason
      ? []
      : [`${place}.reason: why, in ${minReason} characters or more`]),
    ...(typeof until === "string" && isDay(until) ? [] : [`${place}.until: a day, as 2027-03-31`]),
  ];
}

/** A shorter reason says nothing. */
const minReason = 10;

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;
}

/** Makes a test for paths of patterns with `*` (within a folder) and `**` (any folders). */
export function matcher(patterns: readonly string[]): (path: string) => boolean {
  const tests = patterns.map((pattern) => {
    const source = pattern
      .replace(/^\.\//, "")
      .split(/(\*\*\/|\*\*|\*)/)
      .map((part) => ({ "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*" })[part] ?? part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join("");
    return new RegExp(`^${source}$`);
  });
  const known = new Map<string, boolean>();
  return (path) => {
    let matches = known.get(path);
    if (matches === undefined) {
      matches = tests.some((test) => test.test(path));
      known.set(path, matches);
    }
    return matches;
  };
}
