import { sleep } from "../../../src/core/clock.ts";
import type { Code } from "../../../src/core/code.ts";
import { Fault } from "../../../src/core/fault.ts";
import { type IdempotentWork, idempotent } from "../../../src/resilience/policies/policy.ts";
import type { TestClock } from "../../../src/testing/clock.ts";

/** How one piece of work goes. */
export interface Script {
  readonly tookMs: number;
  readonly ends: "well" | Code;
  /** Whether it goes on after its signal aborted. */
  readonly isDeaf?: boolean;
  readonly retryAfterMs?: number;
}

/** What ran, in the order of its start. */
export class Ran {
  started = 0;
  running = 0;
  mostAtOnce = 0;
  readonly startedAt: number[] = [];
  readonly cancelled: unknown[] = [];
}

export function faultOf(code: Code, retryAfterMs?: number): Fault {
  return new Fault({ code, message: `scripted: ${code}`, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** Work that takes its time on the clock and then ends as its script says, or as soon as it is cancelled unless it is deaf. */
export function scripted(clock: TestClock, ran: Ran, next: (n: number) => Script): IdempotentWork<number> {
  return idempotent(async ({ signal }) => {
    const n = ran.started++;
    const { tookMs, ends, isDeaf = false, retryAfterMs } = next(n);
    ran.startedAt.push(clock.monotonic());
    ran.running++;
    ran.mostAtOnce = Math.max(ran.mostAtOnce, ran.running);
    try {
      await sleep(clock, tookMs, isDeaf ? undefined : signal);
      if (ends !== "well") throw faultOf(ends, retryAfterMs);
      return n;
    } catch (thrown) {
      if (signal.aborted) ran.cancelled.push(signal.reason);
      throw thrown;
    } finally {
      ran.running--;
    }
  });
}

/** The outcome of a promise, with the clock's time at which it settled. */
export interface Settled<T> {
  readonly at: number;
  readonly value?: T;
  readonly thrown?: unknown;
}

export function settled<T>(clock: TestClock, promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ at: clock.monotonic(), value }),
    (thrown: unknown) => ({ at: clock.monotonic(), thrown }),
  );
}

/** The code of what was thrown, or `well`. */
export function endOf({ thrown }: Settled<unknown>): string {
  return thrown === undefined ? "well" : thrown instanceof Fault ? thrown.type : String(thrown);
}
