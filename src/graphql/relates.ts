import type { AnySchema, Input, Output, Schema } from "../core/schema/standard.ts";
import type { Operation, Query } from "../operation/contract.ts";

type Fields<T> = keyof T & string;
type ItemOf<T> = T extends readonly (infer Item)[] ? Item : never;

/** What `relates` takes. */
export interface RelatesSpec<F extends AnySchema, I extends AnySchema, O extends AnySchema, Items extends Fields<Output<O>>> {
  /** The schema of the objects that get the field; it has an id. */
  readonly from: F;
  /** The name of the field. */
  readonly field: string;
  /** The field of the object whose value the query takes. */
  readonly key: Fields<Output<F>>;
  /** The query that brings the items of many objects at once. */
  readonly through: Query<I, O>;
  /** The field of its input that takes the values, as a list. */
  readonly input: Fields<Input<I>>;
  /** The field of its output that has the items, in any order. */
  readonly items: Items;
  /** The field of an item that has the value for which it came. */
  readonly match: Fields<ItemOf<Output<O>[Items]>>;
  /** Whether an object may have several. *Default*: one at the most. */
  readonly many?: boolean;
  /** The most values of one call. *Default*: 100, or fewer where the input says so. */
  readonly most?: number;
  /** One line for the schema. */
  readonly summary?: string;
}

/** A relation, declared. */
export interface DeclaredRelation {
  readonly from: Schema;
  readonly field: string;
  readonly key: string;
  readonly through: Operation;
  readonly input: string;
  readonly items: string;
  readonly match: string;
  readonly many: boolean;
  readonly most: number;
  readonly summary: string | undefined;
}

/** Values of one call, where a relation does not say. */
const usualMost = 100;

/**
 * Declares a field that a query brings: for all objects of a reply at once. Each object counts at the rates as one call of the query.
 * @example relates({ from: Order, field: "customer", key: "customerId", through: customersByIds, input: "ids", items: "customers", match: "id" })
 */
export function relates<F extends AnySchema, I extends AnySchema, O extends AnySchema, const Items extends Fields<Output<O>>>(
  spec: RelatesSpec<F, I, O, Items>,
): DeclaredRelation {
  const { many = false, most = usualMost, summary, from, ...rest } = spec;
  return { ...rest, from: from as unknown as Schema, many, most, summary };
}
