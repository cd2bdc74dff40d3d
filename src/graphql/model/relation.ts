import type { CompiledOperation } from "../../pipeline/registry/compiled.ts";
import type { Typed } from "./shapes.ts";

/** A field of a type that an operation brings, for many objects at once. */
export interface Relation {
  readonly field: string;
  /** The field of the object whose value the operation takes. */
  readonly key: string;
  readonly operation: CompiledOperation;
  /** The field of its input that takes the values. */
  readonly input: string;
  /** The field of its output with the items. */
  readonly items: string;
  /** The field of an item by which it is found again. */
  readonly match: string;
  readonly many: boolean;
  /** The most values of one call. */
  readonly most: number;
  readonly item: Typed;
  readonly description: string | undefined;
}
