import assert from "node:assert";
import { inspect } from "node:util";
import { type Clock, systemClock, type Timer } from "./clock.ts";
import { type ConfigProblem, type Definition, type FieldRow, type Resolved, resolveConfig } from "./config/resolve.ts";
import { type FileText, type FileTexts, readText, readTextSync } from "./config/sources.ts";
import { Fault } from "./fault.ts";
import { limits } from "./limits.ts";
import type { Input, JsonSchema, Output, Schema } from "./schema/standard.ts";
import { Signal } from "./signals.ts";

/** What a {@link field} may say besides its schema. */
export interface FieldOptions<S extends Schema> {
  /** Used where the variable is not set; checked by the schema as a set value is. */
  readonly default?: Input<S>;
  /** Never printed. *Default*: whether the schema is marked with `x-secret`. */
  readonly secret?: boolean;
  /** Whether the value follows its file while the program runs. *Default*: false. */
  readonly reload?: boolean;
  /** One sentence for the person who sets it; part of every problem with it. */
  readonly description?: string;
}

/** One variable of a configuration. */
export interface Field<S extends Schema = Schema> {
  readonly schema: S;
  readonly options: FieldOptions<S>;
}

/** The environment and the files that a configuration is read from. */
export interface ConfigOptions {
  /** *Default*: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Files of settings, a later one before an earlier one: a JSON object where the name ends in `.json`, else lines of NAME=VALUE. Each must exist. */
  readonly files?: readonly string[];
  readonly clock?: Clock;
}

/** The values that changed because their file changed. */
export interface ConfigChanged {
  /** Variables that have their new value now. */
  readonly names: readonly string[];
  /** Variables whose new value is not read before the next start. */
  readonly needRestart: readonly string[];
}

/** Why new content of a file was refused; every value stays as it was. */
export interface ConfigRefused {
  readonly problems: readonly ConfigProblem[];
}

/** How a configuration is watched. */
export interface ConfigWatch {
  readonly changed: Signal<ConfigChanged>;
  readonly refused: Signal<ConfigRefused>;
  /** Stops following the files. */
  stop(): void;
}

type Values<F extends Record<string, Field>> = { readonly [N in keyof F]: Output<F[N]["schema"]> };
/** The values of a configuration by their names, and signals of their changes. Printing it shows no secret. */
export type Config<F extends Record<string, Field>> = Values<F> & ConfigWatch;

/** Declares one variable of a configuration: its schema, its default, and whether it is secret. */
export function field<S extends Schema>(schema: S, options: FieldOptions<S> = {}): Field<S> {
  return { schema, options };
}

/**
 * Reads a typed configuration from the environment and from files; the environment goes before files.
 * Text becomes what the schema requires: a number, `true` or `false`, a list with commas, a JSON object. An empty value counts as not set.
 * `NAME_FILE` names a file that has the value of `NAME`, as orchestrators mount secrets; its last line break is cut. Unknown variables are ignored.
 * A field with `reload` follows its file: read `settings.NAME` each time, and keep no copy. New content is accepted or refused as a whole.
 * *Units*: files are read again every `limits.configPollMs`, and new content counts when two readings agree, so that a half-written file does not.
 * *Bounds*: `limits.configFileBytes` a file. *Faults thrown*: `failed_precondition` with every problem at once; it never holds a value of a secret.
 * @example
 * const settings = config({
 *   PORT: field(z.int().min(1).max(65_535), { default: 3_000 }),
 *   DATABASE_URL: field(z.url(), { secret: true, description: "the address of PostgreSQL" }),
 * });
 * listen(settings.PORT);
 */
export function config<const F extends Record<string, Field>>(fields: F, options: ConfigOptions = {}): Config<F> {
  const rows = new Map(Object.entries(fields).map(([name, field]) => [name, toRow(name, field)]));
  for (const name of rows.keys())
    assert(!rows.has(`${name}_FILE`), `${name}_FILE is taken: it names the file that holds ${name}. Rename one of the two.`);
  const definition: Definition = { rows, env: options.env ?? process.env, files: options.files ?? [] };
  const loaded = loadSync(definition);
  if (loaded.problems.length > 0) {
    const lines = loaded.problems.map(({ message }) => `  ${message}`).join("\n");
    const message = `The configuration has ${loaded.problems.length} problem${loaded.problems.length > 1 ? "s" : ""}:\n${lines}`;
    throw new Fault({ code: "failed_precondition", type: "configuration_invalid", message, details: { problems: loaded.problems } });
  }
  return present<F>(rows, new Follower(definition, loaded, options.clock ?? systemClock));
}

function toRow(name: string, { schema, options }: Field): FieldRow {
  assert(/^[A-Z][A-Z0-9_]*$/.test(name), `"${name}" is not the name of a variable: write it as in DATABASE_URL`);
  const json = toJsonSchema(schema);
  const secret = options.secret ?? json["x-secret"] === true;
  return { schema, json, secret, default: options.default, reload: options.reload ?? false, description: options.description };
}

function toJsonSchema(schema: Schema): JsonSchema {
  try {
    return schema["~standard"].jsonSchema?.input({ target: "draft-2020-12" }) ?? {};
  } catch {
    // No JSON form (a date, say): the schema gets the text as it is, and may coerce it by itself.
    return {};
  }
}

interface Loaded extends Resolved {
  readonly texts: FileTexts;
}

function loadSync(definition: Definition): Loaded {
  const texts = new Map<string, FileText>();
  for (;;) {
    const resolved = resolveConfig(definition, texts);
    if (resolved.wanted.length === 0) return { ...resolved, texts };
    for (const path of resolved.wanted) texts.set(path, readTextSync(path));
  }
}

async function load(definition: Definition): Promise<Loaded> {
  const texts = new Map<string, FileText>();
  for (;;) {
    const resolved = resolveConfig(definition, texts);
    if (resolved.wanted.length === 0) return { ...resolved, texts };
    for (const path of resolved.wanted) texts.set(path, await readText(path));
  }
}

/** Holds the values, and follows the files where a field allows it. */
class Follower implements ConfigWatch {
  readonly changed = new Signal<ConfigChanged>("config.changed");
  readonly refused = new Signal<ConfigRefused>("config.refused");
  readonly #definition: Definition;
  readonly #clock: Clock;
  readonly #values: Map<string, unknown>;
  #raws: ReadonlyMap<string, string>;
  /** The content that was taken or refused last. */
  #settled: string;
  /** The content of the last reading. */
  #seen: string;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(definition: Definition, loaded: Loaded, clock: Clock) {
    this.#definition = definition;
    this.#clock = clock;
    this.#values = new Map(loaded.values);
    this.#raws = loaded.raws;
    this.#settled = this.#seen = fingerprint(loaded.texts);
    // Sources: polling sees what a watch misses, the swapped links of mounted secrets and network file systems.
    const follows = loaded.texts.size > 0 && [...definition.rows.values()].some(({ reload }) => reload);
    if (follows) this.#arm();
  }

  value(name: string): unknown {
    return this.#values.get(name);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#clock.schedule(limits.configPollMs, () => void this.#readAgain());
  }

  async #readAgain(): Promise<void> {
    const loaded = await load(this.#definition);
    if (this.#stopped) return;
    const content = fingerprint(loaded.texts);
    const twice = content === this.#seen;
    this.#seen = content;
    this.#arm();
    if (!twice || content === this.#settled) return;
    this.#settled = content;
    if (loaded.problems.length > 0) this.refused.publish({ problems: loaded.problems });
    else this.#take(loaded);
  }

  #take(loaded: Loaded): void {
    const differ = [...this.#definition.rows].filter(([name]) => loaded.raws.get(name) !== this.#raws.get(name));
    this.#raws = loaded.raws;
    const names = differ.filter(([, { reload }]) => reload).map(([name]) => name);
    const needRestart = differ.filter(([, { reload }]) => !reload).map(([name]) => name);
    for (const name of names) this.#values.set(name, loaded.values.get(name));
    if (differ.length > 0) this.changed.publish({ names, needRestart });
  }
}

function fingerprint(texts: FileTexts): string {
  return JSON.stringify([...texts]);
}

/** The object that users hold: a getter for each value, and nothing by which a secret can be printed. */
function present<F extends Record<string, Field>>(rows: ReadonlyMap<string, FieldRow>, follower: Follower): Config<F> {
  const printable = () => Object.fromEntries([...rows].map(([name, { secret }]) => [name, secret ? "[secret]" : follower.value(name)]));
  const settings = {};
  // A secret is not enumerable, so that a spread copy does not carry it into a log line.
  for (const [name, { secret }] of rows) Object.defineProperty(settings, name, { enumerable: !secret, get: () => follower.value(name) });
  const hidden = {
    changed: follower.changed,
    refused: follower.refused,
    stop: () => follower.stop(),
    toJSON: printable,
    toString: () => `config ${inspect(printable())}`,
    [inspect.custom]: printable,
  };
  for (const key of Reflect.ownKeys(hidden))
    Object.defineProperty(settings, key, { enumerable: false, value: hidden[key as keyof typeof hidden] });
  return Object.freeze(settings) as Config<F>;
}
