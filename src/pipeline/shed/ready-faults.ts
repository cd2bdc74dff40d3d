import type { Fault } from "../../core/fault.ts";
import { overloaded, retryLater } from "../../core/load-line/refusal.ts";
import type { Refusal } from "../../operation/execution.ts";

const most = 512;

/**
 * The faults of refusals for want of capacity, each made once: under overload there are many alike.
 * *Bounds*: 512 are kept, and nothing of the requests for which they were made.
 */
export class ReadyFaults {
  readonly #made = new Map<string, Fault>();

  /** The fault of a refusal. `random`: from 0 to below 1, for the time after which to try again. */
  of({ limit, value, load }: Pick<Refusal, "limit" | "value" | "load">, random: number): Fault {
    // HTTP says it in whole seconds.
    const key = `${limit}\n${value}\n${load}\n${Math.ceil(retryLater(random) / 1_000)}`;
    let fault = this.#made.get(key);
    if (fault === undefined) {
      fault = overloaded({ limit, value, load }, random);
      if (this.#made.size >= most) this.#made.clear();
      this.#made.set(key, fault);
    }
    return fault;
  }
}
