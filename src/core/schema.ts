import { makeCheck, refuseAsync } from "./schema/check.ts";
import { readDocument } from "./schema/document.ts";
import { makeFast } from "./schema/fast.ts";
import { makeRedact } from "./schema/redact.ts";
import { no } from "./schema/run.ts";
import { isZod } from "./schema/zod.ts";

/** JSON Schema 2020-12, as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What validation gives. */
export interface StandardResult {
  readonly value?: unknown;
  readonly issues?:
    | readonly { readonly message: string; readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined }[]
    | undefined;
}

/**
 * A schema that Plimsoll can use: Standard Schema with its JSON Schema extension. Every Zod 4 schema is one; others become one with {@link adaptSchema}.
 * *Source*: the Standard Schema and Standard JSON Schema specifications.
 */
export interface Schema<O = unknown, I = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
    readonly types?: { readonly input: I; readonly output: O } | undefined;
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
      readonly output: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

/**
 * What an operation, a fault or a row takes as its schema: a {@link Schema}. The compiler only looks whether the property is there: to compare all that it
 * holds, for every schema of a program, takes longer than to check the rest of its operation.
 */
export interface AnySchema {
  readonly "~standard": unknown;
}

/** A schema of Zod, by the property that Zod's own types go by: what they have worked out already costs nothing. */
interface ZodTyped {
  readonly _zod: { readonly output: unknown; readonly input: unknown };
}

/** What a schema gives: the type after parsing. */
export type Output<S extends AnySchema> = S extends ZodTyped
  ? S["_zod"]["output"]
  : S extends Schema
    ? NonNullable<S["~standard"]["types"]>["output"]
    : unknown;
/** What a schema takes: the type before parsing. */
export type Input<S extends AnySchema> = S extends ZodTyped
  ? S["_zod"]["input"]
  : S extends Schema
    ? NonNullable<S["~standard"]["types"]>["input"]
    : unknown;

/** One thing that is wrong with a value. */
export interface Problem {
  /** Where, as a JSON Pointer (RFC 6901); empty for the value itself. */
  readonly pointer: string;
  readonly message: string;
}

/** All that is wrong with one value. */
export class Problems {
  readonly list: readonly Problem[];

  constructor(list: readonly Problem[]) {
    this.list = list;
  }
}

/** Which side of a schema has to have a JSON form: what is sent, what is answered, both, or neither (a row that stays in the process). */
export type SchemaUse = "input" | "output" | "both" | "value";

/** A schema made ready for many values. */
export interface CompiledSchema {
  /** What may be sent, as a document; a part is `{}`, anything, where it has no JSON form and this side is not used. */
  readonly inputJson: JsonSchema;
  /** What comes out of parsing, as a document. */
  readonly outputJson: JsonSchema;
  /** Whether any part is marked with {@link secret}. */
  readonly hasSecrets: boolean;
  /**
   * Gives the parsed value, or every problem at once.
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
  const inputJson = readDocument(schema, { name, side: "input", required: use === "input" || use === "both" });
  const outputJson = readDocument(schema, { name, side: "output", required: use === "output" || use === "both" });
  const redact = makeRedact([inputJson, outputJson]);
  const { parse, stringify } = makeForms(schema, name);
  return { inputJson, outputJson, hasSecrets: redact !== undefined, redact: redact ?? ((value) => value), parse, stringify };
}

/** The slow way, which decides, and the fast one before it, which may only say yes. */
function makeForms(schema: Schema, name: string): Pick<CompiledSchema, "parse" | "stringify"> {
  const check = makeCheck(schema, name);
  const fast = makeFast(schema);
  const parse = (value: unknown): unknown => {
    const { value: parsed, problems } = check(value);
    return problems === undefined ? parsed : new Problems(problems);
  };
  return {
    parse(value) {
      try {
        const parsed = fast.accept(value);
        if (parsed !== no) return parsed;
      } catch {
        // Something of the user's threw, or has to wait: it does so again where it is dealt with.
      }
      return parse(value);
    },
    stringify(value) {
      try {
        const text = fast.text(value);
        if (typeof text === "string") return text;
      } catch {
        // As above; or a part has no JSON form.
      }
      const shaped = parse(value);
      return shaped instanceof Problems ? shaped : serialize(shaped);
    },
  };
}

function serialize(value: unknown): string | Problems {
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
 * Makes a schema of any library that follows Standard Schema usable by giving the JSON Schema that it does not give itself.
 * The library still decides what is valid; the documents only describe it.
 * @example const Email = adaptSchema(v.pipe(v.string(), v.email()), { input: { type: "string", format: "email" } });
 */
export function adaptSchema<O, I>(standardSchema: Omit<Schema<O, I>, never>, { input, output = input }: SchemaDocuments): Schema<O, I> {
  return { "~standard": { ...standardSchema["~standard"], jsonSchema: { input: () => ({ ...input }), output: () => ({ ...output }) } } };
}

/**
 * Marks what must never be logged, traced or stored in clear. The mark is `x-secret` in the documents and stays where the schema is made optional or part of another.
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
