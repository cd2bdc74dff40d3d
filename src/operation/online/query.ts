import type { Duration } from "../../core/duration.ts";
import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { Access } from "../access.ts";
import type { CacheSpec } from "../cache/spec.ts";
import type { AccessHint, Faults, Http, NoResources, Query, ReadRoute, RouteHint, SharedSpec, StreamQuery } from "../contract.ts";
import type { ReadHandler, ReadStreamHandler } from "../handler.ts";
import type { Used, Uses } from "../resource.ts";
import type { ReadScope } from "../scope.ts";
import type { Projection } from "../sourcing/projection.ts";
import type { Isolation } from "../transaction.ts";
import type { McpSpec } from "./mcp.ts";
import { declareOnline } from "./stream/declare.ts";
import type { NoSchema, OneOf, Returned, Returns } from "./stream/returns.ts";

type StalenessHint = 'write milliseconds, or a number with ms, s, m, h or d, as in "5s"';

/** What `query` takes. */
export interface QuerySpec<I extends AnySchema, O extends AnySchema, S extends AnySchema, U extends Uses, F extends Faults>
  extends SharedSpec<I, F>,
    Returns<I, O, S> {
  readonly access: Hint<AccessHint, Access>;
  readonly http?: Http<RouteHint, ReadRoute, NoInfer<I>, NoInfer<Returned<O, S>>>;
  readonly mcp?: true | McpSpec<keyof Input<NoInfer<I>> & string, Output<NoInfer<Returned<O, S>>>>;
  /** *Default*: `read committed`; `repeatable read` gives all statements one snapshot. */
  readonly isolation?: Exclude<Isolation, "serializable">;
  /** Resources that the scope of a stream brings, by the name used here. A query without a stream is one transaction, and has none. */
  readonly uses?: [S] extends [never] ? NoResources : U;
  /**
   * Keeps outputs and gives them to later callers with the same input, for requests; calls of other operations read from the database. *Default*: every request
   * is run.
   * @example cache: { ttl: "30s", staleFor: "10m", per: "tenant", tags: ({ productId }) => [`product:${productId}`] }
   */
  readonly cache?: CacheSpec<Output<NoInfer<I>>, Output<NoInfer<O>>>;
  /**
   * The projections that it reads: a caller may send `Plimsoll-After` with the position of a command, and the query waits until they have reached it. *Bounds*: not
   * with `cache`.
   * @example reads: [revenue], staleness: "5s"
   */
  readonly reads?: readonly Projection[];
  /**
   * How old what it reads may be. With `reads`: how far these may be behind their events; behind that, callers get `unavailable` of type `projection_behind`. Without:
   * where `postgres({ replicas })` has one that is behind by less, it is read. *Default*: projections as far as they are, and no replica. *Bounds*: 1 ms to 1 day.
   */
  readonly staleness?: Hint<StalenessHint, Duration>;
  /** Access that needs data. If it returns false, the caller gets the same response as for an id that does not exist: not found. */
  readonly owns?: (input: Output<I>, scope: ReadScope) => Promise<boolean>;
  /** The handler, if it is not added with `implement`. */
  readonly run?: [S] extends [never] ? ReadHandler<I, O, NoInfer<F>> : ReadStreamHandler<I, S, Used<U>, NoInfer<F>>;
}

/**
 * Declares an operation that only reads, in one read-only transaction.
 * @example
 * const getOrder = query("orders.get", {
 *   input: z.object({ orderId: z.uuid() }), output: Order, access: role("customer"), budget: "100ms", http: "GET /v1/orders/{orderId}",
 *   run: ({ orderId }, { sql }) => sql(Order)`select id, status from orders.orders where id = ${orderId}`.one(),
 * });
 */
export function query<
  I extends AnySchema,
  O extends AnySchema = NoSchema,
  S extends AnySchema = never,
  const U extends Uses = Record<never, never>,
  const F extends Faults = readonly [],
>(name: string, spec: QuerySpec<I, O, S, U, F> & OneOf<O, S>): [S] extends [never] ? Query<I, O, F> : StreamQuery<I, S, U, F> {
  return declareOnline("query", name, spec) as unknown as [S] extends [never] ? Query<I, O, F> : StreamQuery<I, S, U, F>;
}
