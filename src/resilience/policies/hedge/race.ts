import { Fault } from "../../../core/fault.ts";
import type { Call } from "../call/call.ts";
import type { Work } from "../policy.ts";
import type { RetryBudget } from "../retry/budget.ts";

/** What both runs of a race share. */
interface Shared {
  readonly call: Call;
  readonly budget: RetryBudget;
}

/** One or two runs of the same work: the first success ends it, and cancels the other. */
export class Race<T> {
  readonly #work: Work<T>;
  readonly #shared: Shared;
  readonly #running = new Set<Call>();
  #resolve: (value: T) => void = () => undefined;
  #reject: (thrown: unknown) => void = () => undefined;
  #onEnd: (isWon: boolean) => void = () => undefined;
  #hasEnded = false;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(work: Work<T>, shared: Shared) {
    this.#work = work;
    this.#shared = shared;
  }

  /** Whether a second run makes sense. */
  get mayHedge(): boolean {
    return !this.#hasEnded && !this.#shared.call.scope.aborted;
  }

  /** Starts the first run. Calls `onEnd` once, before the result is there. */
  run(onEnd: (isWon: boolean) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#onEnd = onEnd;
      void this.#start();
    });
  }

  /** Starts the second run. */
  hedge(): void {
    void this.#start();
  }

  async #start(): Promise<void> {
    const { call, budget } = this.#shared;
    const own = call.fork({ budget });
    this.#running.add(own);
    try {
      const value = await this.#work(own);
      this.#settle(own);
      this.#win(value);
    } catch (thrown) {
      this.#settle(own);
      this.#fail(thrown);
    }
  }

  #settle(own: Call): void {
    this.#running.delete(own);
    own.scope.end();
    if (this.#hasEnded) own.rest?.settle();
  }

  #win(value: T): void {
    if (this.#hasEnded) return;
    this.#end(true);
    this.#resolve(value);
  }

  #fail(thrown: unknown): void {
    if (this.#hasEnded) return;
    this.#failure ??= { thrown };
    if (this.#running.size > 0) return;
    this.#end(false);
    this.#reject(this.#failure.thrown);
  }

  #end(isWon: boolean): void {
    this.#hasEnded = true;
    this.#onEnd(isWon);
    for (const loser of this.#running) {
      loser.rest?.begin();
      loser.scope.cancel(lost());
    }
  }
}

function lost(): Fault {
  return new Fault({
    code: "cancelled",
    type: "hedge_lost",
    message: "Another call for the same answer was faster, so that this one is not needed.",
  });
}
