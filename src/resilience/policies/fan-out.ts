import assert from "node:assert";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Call, type RunOptions } from "./call/call.ts";

/** How many at once, and what cancels them. */
export interface FanOutOptions extends RunOptions {
  /** Items that are worked on at once. *Bounds*: a whole number from 1 to 1,000. It has no default. */
  readonly concurrency: number;
}

/** What is done for one item. Its call is that of all items: it is cancelled when one of them fails. */
export type FanOutWork<I, T> = (item: I, call: Call, index: number) => T | PromiseLike<T>;

/**
 * Works on many items at a bounded concurrency, and returns the results in the order of the items.
 * *Guarantees*: the first failure cancels the siblings and starts no further ones; it rejects when those that ran have settled, so that nothing runs on
 * behind it. Put a `timeout` into `work` if it might ignore its signal.
 * *Faults thrown*: the first failure; the caller's reason. Siblings are cancelled with `cancelled` of type `sibling_failed`.
 * *Source*: structured concurrency, N. J. Smith, "Notes on structured concurrency" (2018).
 * @example const prices = await fanOut(skus, { concurrency: 8 }, (sku, { signal }) => readPrice(sku, signal));
 */
export async function fanOut<I, T>(items: readonly I[], options: FanOutOptions, work: FanOutWork<I, T>): Promise<T[]> {
  const { concurrency } = options;
  const most = limits.fanOutConcurrency;
  assert(
    Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= most,
    `fanOut: concurrency is ${concurrency}. Write a whole number from 1 to ${most}.`,
  );
  const outer = Call.begin(options);
  const call = outer.fork({});
  const results = new Array<T>(items.length);
  const failures: { readonly thrown: unknown }[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && !call.scope.aborted) {
      const index = next++;
      try {
        results[index] = await work(items[index]!, call, index);
      } catch (thrown) {
        failures.push({ thrown });
        call.scope.cancel(siblingFailed(thrown));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  call.scope.end();
  if (failures.length > 0) throw failures[0]!.thrown;
  // Cancelled by the caller before it began, or between two items.
  if (outer.scope.aborted && next < items.length) throw outer.scope.reason;
  return results;
}

function siblingFailed(cause: unknown): Fault {
  return new Fault({
    code: "cancelled",
    type: "sibling_failed",
    message: "Another item failed, so that this one is not needed any more.",
    cause,
  });
}
