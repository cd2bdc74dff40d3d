import {
  circuitBreaker,
  bulkhead as cockatielBulkhead,
  retry as cockatielRetry,
  timeout as cockatielTimeout,
  ExponentialBackoff,
  handleAll,
  SamplingBreaker,
  TimeoutStrategy,
  wrap,
} from "cockatiel";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { breaker, bulkhead, compose, idempotent, retry, timeout } from "../../src/resilience/index.ts";

/** One way to call an async function. The same settings for all: 64 places, 128 waiting, 3 attempts, half of the calls of 10 s, 300 ms. */
export interface Contender {
  readonly name: string;
  readonly quick: boolean;
  readonly peer?: true;
  /** Calls the function once, cancelled by the signal. */
  call(signal: AbortSignal): Promise<number>;
}

const answer = 42;
const work = async (): Promise<number> => answer;
/** Asks for its signal, as a function does that can be cancelled. */
const cancellable = async ({ signal }: { readonly signal: AbortSignal }): Promise<number> => (signal.aborted ? 0 : answer);

let timers = 0;
/** The machine's clock, which counts the timers that wait: they keep no process alive, so Node does not list them. */
const clock: Clock = {
  ...systemClock,
  schedule(delayMs, callback) {
    timers++;
    let isPending = true;
    const end = () => {
      if (isPending) timers--;
      isPending = false;
    };
    const timer = systemClock.schedule(delayMs, () => {
      end();
      callback();
    });
    return {
      cancel: () => {
        end();
        timer.cancel();
      },
    };
  },
};

/** Timers of our policies that wait now. */
export function pendingTimers(): number {
  return timers;
}

const policy = compose(
  bulkhead({ concurrency: 64, queue: 128, clock }),
  retry({ attempts: 3, clock }),
  breaker({ ratio: 0.5, window: "10s", consecutive: false, clock }),
  timeout("300ms", { clock }),
);
const [ours, oursCancellable] = [idempotent(work), idempotent(cancellable)];

const cockatiel = (strategy: TimeoutStrategy) =>
  wrap(
    cockatielBulkhead(64, 128),
    cockatielRetry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 500, breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }) }),
    cockatielTimeout(300, strategy),
  );
const [aggressive, cooperative] = [cockatiel(TimeoutStrategy.Aggressive), cockatiel(TimeoutStrategy.Cooperative)];

/** `raw` is the bare function. */
export const contenders: readonly Contender[] = [
  { name: "raw", quick: true, call: work },
  { name: "plimsoll", quick: true, call: (signal) => policy.run(ours, { signal }) },
  { name: "plimsoll-signal", quick: true, call: (signal) => policy.run(oursCancellable, { signal }) },
  { name: "cockatiel", quick: true, peer: true, call: (signal) => aggressive.execute(work, signal) },
  { name: "cockatiel-cooperative", quick: true, peer: true, call: (signal) => cooperative.execute(cancellable, signal) },
];
