import type { AnySchema, Output } from "../core/schema.ts";
import type { Access } from "./access.ts";
import type {
  AccessMend,
  Command,
  CommonSpec,
  Http,
  Idempotent,
  Isolation,
  Mend,
  NoResources,
  RouteMend,
  WriteHandler,
  WriteRoute,
} from "./contract.ts";
import type { ReadScope } from "./scope.ts";

export interface CommandSpec<I extends AnySchema, O extends AnySchema, A extends Mend<AccessMend, Access>> extends CommonSpec<I, O> {
  readonly access: A;
  /** What happens when it is sent twice. */
  readonly idempotent: Idempotent<NoInfer<A>, NoInfer<I>>;
  readonly http?: Http<RouteMend, WriteRoute, NoInfer<I>, NoInfer<O>>;
  /** *Default*: `read committed`. */
  readonly isolation?: Isolation;
  readonly uses?: NoResources;
  /** Access that needs data, in this transaction. When it says no, the caller is told what an id that does not exist is told: not found. */
  readonly owns?: (input: Output<I>, scope: ReadScope) => Promise<boolean>;
  /** How it is done, where contract and body are one piece; otherwise see `implement`. */
  readonly run?: WriteHandler<I, O>;
}

/**
 * Declares an operation that writes, in exactly one transaction.
 * @example
 * const closeOrder = command("orders.close", {
 *   input: z.object({ orderId: z.uuid() }), output: z.object({}), access: role("customer"), budget: "300ms", idempotent: "natural",
 * });
 */
export function command<I extends AnySchema, O extends AnySchema, A extends Mend<AccessMend, Access>>(
  name: string,
  spec: CommandSpec<I, O, A>,
): Command<I, O> {
  return { kind: "command", name, input: spec.input, output: spec.output, spec: spec as unknown as Command<I, O>["spec"] };
}
