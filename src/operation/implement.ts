import type { Schema } from "../core/schema.ts";
import type { Action, ActionHandler, Command, Handler, Operation, Query, ReadHandler, WriteHandler } from "./contract.ts";
import type { Used, Uses } from "./resource.ts";

/** How a contract is done. */
export interface Implementation {
  readonly kind: "implementation";
  readonly operation: Operation;
  readonly run: Handler;
}

/**
 * Gives a contract its body; the module lists the result, everybody else imports the contract alone.
 * @example
 * export const placeOrder = implement(orders.placeOrder, async ({ lines }, { sql, call, newId }) => { … });
 */
export function implement<I extends Schema, O extends Schema>(operation: Command<I, O>, run: WriteHandler<I, O>): Implementation;
export function implement<I extends Schema, O extends Schema>(operation: Query<I, O>, run: ReadHandler<I, O>): Implementation;
export function implement<I extends Schema, O extends Schema, U extends Uses>(
  operation: Action<I, O, U>,
  run: ActionHandler<I, O, Used<U>>,
): Implementation;
export function implement(operation: Operation, run: Handler): Implementation {
  return { kind: "implementation", operation, run };
}
