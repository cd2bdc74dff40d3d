import type { Clock } from "../clock.ts";
import type { BoundedQueue, QueuedWaiter } from "./bounded-queue.ts";

/** How a wait for a place ended. */
export type Entry = "entered" | "full" | "late" | "aborted";

/** What ends a wait without a place. */
export interface EnterOptions {
  /** Ends it with `late` after this time. *Default*: never. *Units*: milliseconds. */
  readonly waitMs?: number;
  readonly clock?: Clock;
  /** Asked where no more may wait: whether this one waits all the same, because the limit is only measured. *Default*: it does not. */
  readonly waitsOver?: () => boolean;
  /** Ends it with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes a place, or waits for one.
 * *Guarantees*: undefined where a place was free, so that no promise is made. One that has not entered holds no place, and leaves no timer or listener behind.
 */
export function enter(
  queue: BoundedQueue<QueuedWaiter>,
  { waitMs, clock, waitsOver, signal }: EnterOptions = {},
): undefined | Promise<Entry> {
  if (queue.tryEnter()) return undefined;
  if (signal?.aborted) return Promise.resolve("aborted");
  if (waitMs !== undefined && waitMs <= 0) return Promise.resolve("late");
  return new Promise((resolve) => {
    const settle = (entry: Entry) => {
      timer?.cancel();
      signal?.removeEventListener("abort", abort);
      resolve(entry);
    };
    const giveUp = (entry: Entry) => {
      if (queue.forget(waiter)) settle(entry);
    };
    const abort = () => giveUp("aborted");
    const waiter: QueuedWaiter = { granted: () => settle("entered") };
    if (!queue.add(waiter)) {
      if (!waitsOver?.()) return resolve("full");
      queue.addOver(waiter);
    }
    const timer = waitMs === undefined ? undefined : clock?.schedule(waitMs, () => giveUp("late"));
    signal?.addEventListener("abort", abort, { once: true });
  });
}
