import type { Action, ActionHandler, Command, Handler, Operation, Query, ReadHandler, WriteHandler } from "./contract.ts";
import type { Task, TaskHandler } from "./durable/task.ts";
import type { Used } from "./resource.ts";

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
export function implement<P extends Operation>(operation: P, run: HandlerOf<P>): Implementation {
  return { kind: "implementation", operation, run };
}

/** The body that a contract asks for. */
export type HandlerOf<P extends Operation> =
  P extends Action<infer I, infer O, infer U>
    ? ActionHandler<I, O, Used<U>>
    : P extends Command<infer I, infer O>
      ? WriteHandler<I, O>
      : P extends Query<infer I, infer O>
        ? ReadHandler<I, O>
        : P extends Task<infer I, infer U>
          ? TaskHandler<I, Used<U>>
          : never;
