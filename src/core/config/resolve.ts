import type { JsonSchema, Schema } from "../schema/standard.ts";
import { absolute, type FileTexts, parseSource, type Source } from "./sources.ts";
import { coerce, expectation } from "./text.ts";

/** What a variable is, as `field` describes it. */
export interface FieldRow {
  readonly schema: Schema;
  readonly json: JsonSchema;
  readonly default: unknown;
  readonly secret: boolean;
  readonly reload: boolean;
  readonly description: string | undefined;
}

/** One thing that is wrong with the configuration: the variable or the file, and what to do. */
export interface ConfigProblem {
  readonly variable: string;
  readonly message: string;
}

/** The declared fields of a configuration, with the environment and the files to read them from. */
export interface Definition {
  readonly rows: ReadonlyMap<string, FieldRow>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: readonly string[];
}

/** What a configuration came to with the files that were read so far. */
export interface Resolved {
  readonly values: ReadonlyMap<string, unknown>;
  /** What each value was read from, so that a change can be recognised. */
  readonly raws: ReadonlyMap<string, string>;
  readonly problems: readonly ConfigProblem[];
  /** Files to read first: while there are any, the rest is not final. */
  readonly wanted: readonly string[];
}

type Found = { readonly raw: unknown; readonly from: string } | { readonly problem: string } | { readonly wanted: string } | undefined;
type Parsed = { readonly value: unknown } | { readonly problem: string };

/** Finds, coerces and checks every variable, and collects all problems. Reads nothing itself. */
export function resolveConfig({ rows, env, files }: Definition, texts: FileTexts): Resolved {
  const problems: ConfigProblem[] = [];
  const wanted: string[] = [];
  const sources: Source[] = [{ label: "the environment", variables: env }];
  for (const path of files.toReversed()) {
    const file = texts.get(absolute(path));
    const source = file && "text" in file ? parseSource(path, file.text) : file;
    if (!source) wanted.push(absolute(path));
    else if ("problem" in source) problems.push({ variable: path, message: source.problem });
    else sources.push(source);
  }
  const values = new Map<string, unknown>();
  const raws = new Map<string, string>();
  for (const [name, row] of rows) {
    const found = find(name, sources, texts);
    if (found && "wanted" in found) {
      wanted.push(found.wanted);
      continue;
    }
    const parsed = found && "problem" in found ? found : parse(found, row);
    if ("value" in parsed) values.set(name, parsed.value);
    else
      problems.push({ variable: name, message: `${name} ${parsed.problem}${row.description ? ` Its purpose: ${row.description}` : ""}` });
    raws.set(name, found && "raw" in found ? JSON.stringify(found.raw) : "");
  }
  return { values, raws, problems, wanted };
}

/** The value of the first source that has one: the environment, then the files from the last to the first. An empty value counts as none. */
function find(name: string, sources: readonly Source[], texts: FileTexts): Found {
  for (const { label, variables } of sources) {
    const [raw, path] = [own(variables, name), own(variables, `${name}_FILE`)];
    if (raw !== undefined && path !== undefined) return { problem: `and ${name}_FILE are both set in ${label}. Remove one of them.` };
    if (raw !== undefined) return { raw, from: label };
    if (path !== undefined) return findInFile(name, String(path), texts);
  }
  return undefined;
}

function findInFile(name: string, path: string, texts: FileTexts): Found {
  const file = texts.get(absolute(path));
  if (!file) return { wanted: absolute(path) };
  if ("problem" in file) return { problem: `is to be read from the file that ${name}_FILE names, but ${file.problem}` };
  const raw = file.text.replace(/\r?\n$/, "");
  return raw === ""
    ? { problem: `is to be read from the file that ${name}_FILE names, but ${path} is empty. Write the value into it.` }
    : { raw, from: path };
}

function own(variables: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  return value === "" || value === null ? undefined : value;
}

function parse(found: { readonly raw: unknown; readonly from: string } | undefined, row: FieldRow): Parsed {
  const fix = `Set it to ${expectation(row.json)}.`;
  // The schema's message may quote the value, so it is left out for a secret.
  const because = (problem: string) => (row.secret ? "" : `: ${problem}`);
  if (!found) {
    const checked = check(row.default, row.schema);
    if ("value" in checked) return checked;
    return {
      problem:
        row.default === undefined
          ? `is not set. ${fix}`
          : `has a default that its schema refuses${because(checked.problem)}. Fix the default.`,
    };
  }
  const coerced = typeof found.raw === "string" ? coerce(found.raw, row.json) : { value: found.raw };
  if (!coerced) return { problem: `in ${found.from} has a value that cannot be read. ${fix}` };
  const checked = check(coerced.value, row.schema);
  return "value" in checked ? checked : { problem: `in ${found.from} has a value that is refused${because(checked.problem)}. ${fix}` };
}

function check(value: unknown, schema: Schema): Parsed {
  try {
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) {
      result.catch(() => {});
      return { problem: "its schema is asynchronous; use a synchronous one" };
    }
    if (!result.issues) return { value: result.value };
    return { problem: result.issues.map(({ message }) => message).join("; ") };
  } catch (error) {
    return { problem: `its schema threw ${String(error)}` };
  }
}
