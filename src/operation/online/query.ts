import type { AnySchema, Output } from "../../core/schema/standard.ts";
import type { Access } from "../access.ts";
import type { CacheSpec } from "../cache/spec.ts";
import type { AccessHint, CommonSpec, Faults, Hint, Http, NoResources, Query, ReadRoute, RouteHint } from "../contract.ts";
import type { ReadHandler } from "../handler.ts";
import type { ReadScope } from "../scope.ts";
import type { Isolation } from "../transaction.ts";

/** What `query` takes. */
export interface QuerySpec<I extends AnySchema, O extends AnySchema, F extends Faults> extends CommonSpec<I, O, F> {
  readonly access: Hint<AccessHint, Access>;
  readonly http?: Http<RouteHint, ReadRoute, NoInfer<I>, NoInfer<O>>;
  /** *Default*: `read committed`; `repeatable read` gives all statements one snapshot. */
  readonly isolation?: Exclude<Isolation, "serializable">;
  readonly uses?: NoResources;
  /**
   * Keeps outputs and gives them to later callers with the same input, for requests; calls of other operations read from the database. *Default*: every request
   * is run.
   * @example cache: { ttl: "30s", staleFor: "10m", per: "tenant", tags: ({ productId }) => [`product:${productId}`] }
   */
  readonly cache?: CacheSpec<Output<NoInfer<I>>, Output<NoInfer<O>>>;
  /** Access that needs data. If it returns false, the caller gets the same response as for an id that does not exist: not found. */
  readonly owns?: (input: Output<I>, scope: ReadScope) => Promise<boolean>;
  /** The handler, if it is not added with `implement`. */
  readonly run?: ReadHandler<I, O, NoInfer<F>>;
}

/**
 * Declares an operation that only reads, in one read-only transaction.
 * @example
 * const getOrder = query("orders.get", {
 *   input: z.object({ orderId: z.uuid() }), output: Order, access: role("customer"), budget: "100ms", http: "GET /v1/orders/{orderId}",
 *   run: ({ orderId }, { sql }) => sql(Order)`select id, status from orders.orders where id = ${orderId}`.one(),
 * });
 */
export function query<I extends AnySchema, O extends AnySchema, const F extends Faults = readonly []>(
  name: string,
  spec: QuerySpec<I, O, F>,
): Query<I, O, F> {
  const { input, output, faults = [] as unknown as F } = spec;
  return { kind: "query", name, input, output, faults, spec: spec as unknown as Query<I, O>["spec"] };
}
