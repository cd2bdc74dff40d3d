import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { Access } from "../access.ts";
import type { Audit } from "../audit/audit.ts";
import type { AccessHint, Command, CommonSpec, Faults, Http, Idempotent, NoResources, RouteHint, WriteRoute } from "../contract.ts";
import type { Emits } from "../events/event.ts";
import type { WriteHandler } from "../handler.ts";
import type { ReadScope } from "../scope.ts";
import type { Streams } from "../sourcing/event-stream.ts";
import type { Isolation } from "../transaction.ts";
import type { McpSpec } from "./mcp.ts";

/** What `command` takes. */
export interface CommandSpec<
  I extends AnySchema,
  O extends AnySchema,
  A extends Hint<AccessHint, Access>,
  F extends Faults,
  E extends Emits = readonly [],
  X extends Streams = readonly [],
> extends CommonSpec<I, O, F> {
  readonly access: A;
  /** What happens when it is sent twice. */
  readonly idempotent: Idempotent<NoInfer<A>, NoInfer<I>>;
  readonly http?: Http<RouteHint, WriteRoute, NoInfer<I>, NoInfer<O>>;
  readonly mcp?: true | McpSpec<keyof Input<NoInfer<I>> & string, Output<NoInfer<O>>>;
  /** *Default*: `read committed`. */
  readonly isolation?: Isolation;
  /** The events that its handler may emit. *Default*: none. */
  readonly emits?: E;
  /** Whether, and how, each execution is recorded in the audit trail: in this transaction. *Default*: it is not. */
  readonly audit?: Audit<NoInfer<I>>;
  /** The kinds of streams that its handler may append to. *Default*: none. */
  readonly streams?: X;
  readonly uses?: NoResources;
  /** Access that needs data, in this transaction. If it returns false, the caller gets the same response as for an id that does not exist: not found. */
  readonly owns?: (input: Output<I>, scope: ReadScope) => Promise<boolean>;
  /** The handler, if it is not added with `implement`. */
  readonly run?: WriteHandler<I, O, NoInfer<F>, NoInfer<E>, NoInfer<X>>;
}

/**
 * Declares an operation that writes, in exactly one transaction.
 * @example
 * const closeOrder = command("orders.close", {
 *   input: z.object({ orderId: z.uuid() }), output: z.object({}), access: role("customer"), budget: "300ms", idempotent: "natural",
 * });
 */
export function command<
  I extends AnySchema,
  O extends AnySchema,
  A extends Hint<AccessHint, Access>,
  const F extends Faults = readonly [],
  const E extends Emits = readonly [],
  const X extends Streams = readonly [],
>(name: string, spec: CommandSpec<I, O, A, F, E, X>): Command<I, O, F, E, X> {
  const { input, output, faults = [] as unknown as F, emits = [] as unknown as E, streams = [] as unknown as X } = spec;
  return { kind: "command", name, input, output, faults, emits, streams, spec: spec as unknown as Command<I, O>["spec"] };
}
