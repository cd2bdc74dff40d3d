import type { AnySchema, Input, Output } from "../../../core/schema/standard.ts";
import type { Refused } from "../../../core/value/hint.ts";
import type { Streamed } from "./spec.ts";

/** What an operation returns: one output, or a stream of items. */
export interface Returns<I extends AnySchema, O extends AnySchema, S extends AnySchema> {
  readonly output?: O;
  /** A stream in the place of an output: the schema of its items, or that and its limits. The handler is an async generator. */
  readonly stream?: Streamed<S>;
  /** Values that documents show; of a stream, `output` is one item. */
  readonly example?: { readonly input?: Input<NoInfer<I>>; readonly output?: Output<NoInfer<Returned<O, S>>> };
}

/** Stands for the schema of an output where none is declared. */
export interface NoSchema extends AnySchema {
  readonly [none]: never;
}
declare const none: unique symbol;

/** The schema of what is returned, once or item by item. */
export type Returned<O extends AnySchema, S extends AnySchema> = [S] extends [never] ? O : S;

/** What the compiler asks for where an operation declares neither an output nor a stream, and refuses where it declares both. */
export type OneOf<O extends AnySchema, S extends AnySchema> = [S] extends [never]
  ? [O] extends [NoSchema]
    ? { readonly output: AnySchema }
    : unknown
  : [O] extends [NoSchema]
    ? unknown
    : { readonly stream: Refused<"an operation returns an output or a stream, not both: remove one"> };
