import { BoundsGuard, withBounds } from "./schema/bounds/guard.ts";
import { makeCheck, refuseAsync } from "./schema/check.ts";
import { readDocument } from "./schema/document.ts";
import { makeFast } from "./schema/fast.ts";
import { makeRedact } from "./schema/redact.ts";
import { no } from "./schema/run.ts";
import type { JsonSchema, Problem, Schema } from "./schema/standard.ts";
import { isZod } from "./schema/zod.ts";

/** What is wrong with one value. */
export class Problems {
  /** *Bounds*: `limits.problems`. */
  readonly list: readonly Problem[];
  /** Whether there may be more than are listed. */
  readonly more: boolean;

  constructor(list: readonly Problem[], more = false) {
    this.list = list;
    this.more = more;
  }
}

/**
 * Which side of a schema has to have a JSON form: what is sent, what is returned, both, or neither (a row that stays in the process).
 * `request`: what strangers send, so that texts, arrays and records are bounded where the schema does not say: `limits.inputChars`, `inputItems`, `inputKeyChars`.
 */
export type SchemaUse = "input" | "request" | "output" | "both" | "value";

/** A schema made ready for many values. */
export interface CompiledSchema {
  /** What may be sent, as a document; a part is `{}`, anything, where it has no JSON form and this side is not used. */
  readonly inputJson: JsonSchema;
  /** What comes out of parsing, as a document. */
  readonly outputJson: JsonSchema;
  /** Whether any part is marked with {@link secret}. */
  readonly hasSecrets: boolean;
  /**
   * Gives the parsed value, or every problem at once; of many, and of large values, the first.
   * *Guarantees*: the value given is not changed; objects and arrays that the schema describes are new ones, keys that it does not name are left out where the schema leaves them out.
   * *Faults thrown*: `failed_precondition` where the schema turns out to be asynchronous.
   */
  parse(value: unknown): unknown;
  /** Shapes, checks and serializes in one pass: the text is that of `JSON.stringify(parse(value))`. Gives the problems of a value that does not fit or has no JSON form. */
  stringify(value: unknown): string | Problems;
  /** A copy with each secret replaced by `"[secret]"`; the value itself where the schema has none. Takes values that do not fit the schema too. */
  redact(value: unknown): unknown;
}

/**
 * Makes a schema ready: its documents, its checks, its serializer. Code for the two last is made when they are first used.
 * *Faults thrown*: `failed_precondition` for a schema that is asynchronous or has no JSON form; the message begins with *name* and says what to write instead.
 */
export function compileSchema(schema: Schema, name: string, use: SchemaUse = "both"): CompiledSchema {
  refuseAsync(schema, name);
  const declared = readDocument(schema, { name, side: "input", required: use === "input" || use === "request" || use === "both" });
  const inputJson = use === "request" ? withBounds(declared) : declared;
  const outputJson = readDocument(schema, { name, side: "output", required: use === "output" || use === "both" });
  const redact = makeRedact([inputJson, outputJson]);
  const { parse, stringify } = makeForms(schema, name, use === "request" ? new BoundsGuard(declared) : undefined);
  return { inputJson, outputJson, hasSecrets: redact !== undefined, redact: redact ?? ((value) => value), parse, stringify };
}

/** The slow way, which decides, and the fast one before it, which may only say yes. */
function makeForms(schema: Schema, name: string, guard: BoundsGuard | undefined): Pick<CompiledSchema, "parse" | "stringify"> {
  const check = makeCheck(schema, name);
  const fast = makeFast(schema, guard && ((value) => guard.check(value)));
  const parse = (value: unknown): unknown => {
    const tooBig = guard?.check(value);
    if (tooBig !== undefined) return new Problems([tooBig]);
    const checked = check(value);
    return checked.problems === undefined ? checked.value : new Problems(checked.problems, checked.more);
  };
  return {
    parse(value) {
      try {
        const parsed = fast.accept(value);
        if (parsed !== no) return parsed;
      } catch {
        // Code of the user threw or returned a promise. The slow way below calls it again, and reports what it does.
      }
      return parse(value);
    },
    stringify(value) {
      try {
        const text = fast.text(value);
        if (typeof text === "string") return text;
      } catch {
        // As in `parse`; or a part has no JSON form.
      }
      const shaped = parse(value);
      return shaped instanceof Problems ? shaped : serialize(shaped);
    },
  };
}

/** Writes a shaped value as JSON. Gives the problem of one that has no JSON form. */
export function serialize(value: unknown): string | Problems {
  let reason = `${typeof value} is no JSON value`;
  try {
    const text = JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (error) {
    reason = String(error instanceof Error ? error.message : error);
  }
  return new Problems([{ pointer: "", message: `Invalid output: it has no JSON form (${reason})` }]);
}

/** The documents of a schema whose library has no JSON Schema of its own. */
export interface SchemaDocuments {
  readonly input: JsonSchema;
  /** *Default*: the same as the input. */
  readonly output?: JsonSchema;
}

/**
 * Adapts a schema of any library that follows Standard Schema, by adding the JSON Schema that the library does not provide.
 * The library still decides what is valid; the documents only describe it.
 * @example const Email = adaptSchema(v.pipe(v.string(), v.email()), { input: { type: "string", format: "email" } });
 */
export function adaptSchema<O, I>(standardSchema: Omit<Schema<O, I>, never>, { input, output = input }: SchemaDocuments): Schema<O, I> {
  return { "~standard": { ...standardSchema["~standard"], jsonSchema: { input: () => ({ ...input }), output: () => ({ ...output }) } } };
}

/**
 * Marks a schema whose values must never be logged, traced or stored unencrypted. The mark is `x-secret` in the documents, and stays if the schema becomes optional or part of another.
 * @example const Login = z.object({ email: z.email(), password: secret(z.string().min(12)) });
 */
export function secret<S extends Schema>(schema: S): S {
  const { meta } = schema as { readonly meta?: (more?: object) => object | undefined };
  // A schema of Zod has to stay one, so that it can be part of another.
  if (isZod(schema) && typeof meta === "function") return meta.call(schema, { ...meta.call(schema), "x-secret": true }) as S;
  const standard = schema["~standard"];
  const mark = (side: "input" | "output") => (options: { readonly target: "draft-2020-12" }) => ({
    ...standard.jsonSchema?.[side](options),
    "x-secret": true,
  });
  const marked = {
    "~standard": { ...standard, ...(standard.jsonSchema && { jsonSchema: { input: mark("input"), output: mark("output") } }) },
  };
  return marked as Schema as S;
}
