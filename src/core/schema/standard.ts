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

/** The type that a schema returns, after parsing. */
export type Output<S extends AnySchema> = S extends ZodTyped
  ? S["_zod"]["output"]
  : S extends Schema
    ? NonNullable<S["~standard"]["types"]>["output"]
    : unknown;
/** The type that a schema accepts, before parsing. */
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
