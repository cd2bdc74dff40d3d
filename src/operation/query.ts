import type { AnySchema, Output } from "../core/schema.ts";
import type { Access } from "./access.ts";
import type { AccessMend, CommonSpec, Http, Isolation, Mend, NoResources, Query, ReadHandler, ReadRoute, RouteMend } from "./contract.ts";
import type { ReadScope } from "./scope.ts";

export interface QuerySpec<I extends AnySchema, O extends AnySchema> extends CommonSpec<I, O> {
  readonly access: Mend<AccessMend, Access>;
  readonly http?: Http<RouteMend, ReadRoute, NoInfer<I>, NoInfer<O>>;
  /** *Default*: `read committed`; `repeatable read` gives all statements one snapshot. */
  readonly isolation?: Exclude<Isolation, "serializable">;
  readonly uses?: NoResources;
  /** Access that needs data. When it says no, the caller is told what an id that does not exist is told: not found. */
  readonly owns?: (input: Output<I>, scope: ReadScope) => Promise<boolean>;
  /** How it is done, where contract and body are one piece; otherwise see `implement`. */
  readonly run?: ReadHandler<I, O>;
}

/**
 * Declares an operation that reads.
 * @example
 * const getOrder = query("orders.get", {
 *   input: z.object({ orderId: z.uuid() }), output: Order, access: role("customer"), budget: "100ms", http: "GET /v1/orders/{orderId}",
 *   run: ({ orderId }, { sql }) => sql(Order)`select id, status from orders.orders where id = ${orderId}`.one(),
 * });
 */
export function query<I extends AnySchema, O extends AnySchema>(name: string, spec: QuerySpec<I, O>): Query<I, O> {
  return { kind: "query", name, input: spec.input, output: spec.output, spec: spec as unknown as Query<I, O>["spec"] };
}
