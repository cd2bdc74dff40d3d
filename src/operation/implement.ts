import type { Action, Command, Handler, Operation, Query } from "./contract.ts";
import type { Task } from "./durable/start.ts";
import type { TaskHandler } from "./durable/task.ts";
import type { ActionHandler, ReadHandler, WriteHandler } from "./handler.ts";
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
  P extends Action<infer I, infer O, infer U, infer F>
    ? ActionHandler<I, O, Used<U>, F>
    : P extends Command<infer I, infer O, infer F>
      ? WriteHandler<I, O, F>
      : P extends Query<infer I, infer O, infer F>
        ? ReadHandler<I, O, F>
        : P extends Task<infer I, infer U>
          ? TaskHandler<I, Used<U>>
          : never;
