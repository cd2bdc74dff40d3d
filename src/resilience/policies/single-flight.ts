import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Call } from "./call/call.ts";
import { Policy, type Work } from "./policy.ts";

/**
 * Lets callers that ask for the same `key` at the same time share one run and its outcome. Give the key with `run(work, { key })`.
 * *Guarantees*: at most one run of a key at a time, a cancelled one that has not ended yet aside; a caller that cancels leaves the others their run, and the last one to leave cancels it.
 * *Bounds*: 10,000 keys at once; calls beyond them run alone. The outcome is one value for all: change none of it.
 * *Source*: `singleflight` of Go.
 * @example const flights = singleFlight(); flights.run(() => readPrice(sku), { key: sku });
 */
export function singleFlight(): SingleFlight {
  return new SingleFlight();
}

/** The policy that {@link singleFlight} makes. */
export class SingleFlight extends Policy<"once", never> {
  readonly #flights = new Map<string, Flight>();

  /** Runs that are under way. */
  get running(): number {
    return this.#flights.size;
  }

  around<T>(work: Work<T>, call: Call): Promise<T> {
    const { scope, key } = call;
    if (scope.aborted) return Promise.reject(scope.reason);
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      if (this.#flights.size >= limits.policyKeys) return alone(work, call);
      const started = new Flight(work, call, () => {
        if (this.#flights.get(key) === started) this.#flights.delete(key);
      });
      this.#flights.set(key, started);
      flight = started;
      started.start();
    }
    return flight.join(call) as Promise<T>;
  }
}

async function alone<T>(work: Work<T>, call: Call): Promise<T> {
  return await work(call);
}

/** One run, and those who wait for it. */
class Flight {
  readonly #work: Work<unknown>;
  /** Detached from the caller that began it: the run is that of all. */
  readonly #call: Call;
  readonly #onEnd: () => void;
  #outcome: Promise<unknown> = Promise.resolve();
  #members = 0;
  #hasSettled = false;

  constructor(work: Work<unknown>, { key, callee, budget, isRetried }: Call, onEnd: () => void) {
    this.#work = work;
    this.#call = Call.begin({ key, callee }).fork({ isRetried, ...(budget !== undefined && { budget }) });
    this.#onEnd = onEnd;
  }

  start(): void {
    this.#outcome = alone(this.#work, this.#call).finally(() => {
      this.#hasSettled = true;
      this.#onEnd();
    });
    // Those who joined get the failure; where all of them have left, it is no failure of the process.
    this.#outcome.catch(() => undefined);
  }

  join({ scope, rest }: Call): Promise<unknown> {
    this.#members++;
    return new Promise((resolve, reject) => {
      const onCancel = () => {
        reject(scope.reason);
        if (--this.#members > 0 || this.#hasSettled) return;
        rest?.begin();
        void this.#outcome.catch(() => undefined).then(() => rest?.settle());
        // The next caller begins a new run: this one is on its way to fail.
        this.#onEnd();
        this.#call.scope.cancel(allLeft(scope.reason));
      };
      scope.listen(onCancel);
      const settle = (end: () => void) => {
        if (scope.aborted) return;
        scope.unlisten(onCancel);
        end();
      };
      this.#outcome.then(
        (value) => settle(() => resolve(value)),
        (thrown: unknown) => settle(() => reject(thrown)),
      );
    });
  }
}

function allLeft(cause: unknown): Fault {
  return new Fault({
    code: "cancelled",
    type: "flight_left",
    message: "All callers of this run have cancelled, so that it is not needed.",
    cause,
  });
}
