import type { Output, Schema } from "../core/schema.ts";
import type { Command, CommonSpec, Isolation, NoResources, WriteAccess, WriteHandler } from "./contract.ts";
import type { ReadScope } from "./scope.ts";

interface CommandBody<I extends Schema, O extends Schema> extends CommonSpec<I, O> {
  /** *Default*: `read committed`. */
  readonly isolation?: Isolation;
  readonly uses?: NoResources;
  /** Access that needs data, in this transaction. When it says no, the caller is told what an id that does not exist is told: not found. */
  readonly owns?: (input: Output<I>, scope: ReadScope) => Promise<boolean>;
  /** How it is done, where contract and body are one piece; otherwise see `implement`. */
  readonly run?: WriteHandler<I, O>;
}

export type CommandSpec<I extends Schema, O extends Schema> = CommandBody<I, O> & WriteAccess;

/**
 * Declares an operation that writes, in exactly one transaction.
 * @example
 * const closeOrder = command("orders.close", {
 *   input: z.object({ orderId: z.uuid() }), output: z.object({}), access: role("customer"), budget: "300ms", idempotent: "natural",
 * });
 */
export function command<I extends Schema, O extends Schema>(name: string, spec: CommandSpec<I, O>): Command<I, O> {
  return { kind: "command", name, input: spec.input, output: spec.output, spec: spec as unknown as Command<I, O>["spec"] };
}
