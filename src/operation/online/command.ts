import type { AnySchema, Output } from "../../core/schema/standard.ts";
import type { Access } from "../access.ts";
import type { AccessHint, Command, CommonSpec, Faults, Hint, Http, Idempotent, NoResources, RouteHint, WriteRoute } from "../contract.ts";
import type { WriteHandler } from "../handler.ts";
import type { ReadScope } from "../scope.ts";
import type { Isolation } from "../transaction.ts";

/** What `command` takes. */
export interface CommandSpec<I extends AnySchema, O extends AnySchema, A extends Hint<AccessHint, Access>, F extends Faults>
  extends CommonSpec<I, O, F> {
  readonly access: A;
  /** What happens when it is sent twice. */
  readonly idempotent: Idempotent<NoInfer<A>, NoInfer<I>>;
  readonly http?: Http<RouteHint, WriteRoute, NoInfer<I>, NoInfer<O>>;
  /** *Default*: `read committed`. */
  readonly isolation?: Isolation;
  readonly uses?: NoResources;
  /** Access that needs data, in this transaction. If it returns false, the caller gets the same response as for an id that does not exist: not found. */
  readonly owns?: (input: Output<I>, scope: ReadScope) => Promise<boolean>;
  /** The handler, if it is not added with `implement`. */
  readonly run?: WriteHandler<I, O, NoInfer<F>>;
}

/**
 * Declares an operation that writes, in exactly one transaction.
 * @example
 * const closeOrder = command("orders.close", {
 *   input: z.object({ orderId: z.uuid() }), output: z.object({}), access: role("customer"), budget: "300ms", idempotent: "natural",
 * });
 */
export function command<I extends AnySchema, O extends AnySchema, A extends Hint<AccessHint, Access>, const F extends Faults = readonly []>(
  name: string,
  spec: CommandSpec<I, O, A, F>,
): Command<I, O, F> {
  const { input, output, faults = [] as unknown as F } = spec;
  return { kind: "command", name, input, output, faults, spec: spec as unknown as Command<I, O>["spec"] };
}
