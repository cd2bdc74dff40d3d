/** JSON Schema 2020-12, as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

interface StandardResult {
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

/** What a schema gives: the type after parsing. */
export type Output<S extends Schema> = NonNullable<S["~standard"]["types"]>["output"];
/** What a schema takes: the type before parsing. */
export type Input<S extends Schema> = NonNullable<S["~standard"]["types"]>["input"];

/** One thing that is wrong with a value. */
export interface Problem {
  /** Where, as a JSON Pointer (RFC 6901); empty for the value itself. */
  readonly pointer: string;
  readonly message: string;
}

import { z } from "zod";
export class Problems {
  readonly list: readonly Problem[];
  constructor(list: readonly Problem[]) {
    this.list = list;
  }
}
export interface CompiledSchema {
  inputJson: JsonSchema;
  outputJson: JsonSchema;
  hasSecrets: boolean;
  parse(v: unknown): unknown;
  stringify(v: unknown): string | Problems;
  redact(v: unknown): unknown;
}
export function compileSchema(schema: Schema, _name: string): CompiledSchema {
  const s = schema as unknown as z.ZodType;
  const parse = (v: unknown) => {
    const r = s.safeParse(v);
    return r.success
      ? r.data
      : new Problems(r.error.issues.map((i) => ({ pointer: i.path.map((p) => `/${String(p)}`).join(""), message: i.message })));
  };
  return {
    inputJson: z.toJSONSchema(s, { io: "input" }) as never,
    outputJson: z.toJSONSchema(s, { io: "output" }) as never,
    hasSecrets: false,
    parse,
    redact: (v) => v,
    stringify: (v) => {
      const p = parse(v);
      return p instanceof Problems ? p : JSON.stringify(p);
    },
  };
}
export const adaptSchema = (s: Schema) => s;
export const secret = <S>(s: S) => s;
