import { Gather } from "../../core/batch/gather.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { SagaEnd, SagaStore, StepRecord } from "../ports/store.ts";

/** Two: while one is being made durable, the next is on its way. */
const flights = 2;
const retryMs = 100;

/** What is written together, under one lease. */
export class Batch {
  readonly lease: number | undefined;
  readonly steps: StepRecord[] = [];
  readonly ends: SagaEnd[] = [];
  isSent = false;
  /** Resolves with the sagas of the ends that were still leased to this worker. */
  readonly written = Promise.withResolvers<ReadonlySet<string>>();

  constructor(lease?: number) {
    this.lease = lease;
    // Those who wait for it get the rejection, and the worker does in any case.
    this.written.promise.catch(() => undefined);
  }

  get size(): number {
    return this.steps.length + this.ends.length;
  }
}

/** What writing needs. */
export interface SettlerOptions {
  readonly store: Pick<SagaStore, "settle">;
  /** Undefined while there is no lease. */
  readonly token: () => number | undefined;
  readonly pause: (ms: number) => Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** Makes the steps and the ends of sagas durable: those that come together share a write, which is tried until the database takes it or the lease is lost. */
export class SagaSettler {
  readonly #options: SettlerOptions;
  readonly #gather = new Gather(flights, () => this.#writeNext());
  #batch = new Batch();
  readonly #full: Batch[] = [];

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** `lease`: that of the run, which may not be the worker's any more. Returns the batch that it is written with. */
  step(lease: number, step: StepRecord): Batch {
    const batch = this.#open(lease);
    batch.steps.push(step);
    this.#gather.ask();
    return batch;
  }

  end(lease: number, end: SagaEnd): Batch {
    const batch = this.#open(lease);
    batch.ends.push(end);
    this.#gather.ask();
    return batch;
  }

  idle(): Promise<void> {
    return this.#gather.idle();
  }

  #open(lease: number): Batch {
    const isOther = this.#batch.lease !== lease;
    if (this.#batch.size >= limits.sagaBatch || (isOther && this.#batch.size > 0)) this.#full.push(this.#batch);
    else if (!isOther) return this.#batch;
    this.#batch = new Batch(lease);
    return this.#batch;
  }

  #writeNext(): Promise<void> | undefined {
    let batch = this.#full.shift();
    if (batch === undefined) {
      if (this.#batch.size === 0) return undefined;
      batch = this.#batch;
      this.#batch = new Batch();
    }
    batch.isSent = true;
    return this.#write(batch);
  }

  async #write(batch: Batch): Promise<void> {
    const { store, token, pause, failed } = this.#options;
    const { lease } = batch;
    for (;;) {
      try {
        if (lease === undefined || lease !== token()) throw leaseLost();
        return batch.written.resolve(await store.settle(lease, batch.steps, batch.ends));
      } catch (error) {
        // The write may have happened: it is repeated, which changes nothing then.
        if (error instanceof Fault && isPassing(error)) {
          await pause(retryMs);
          continue;
        }
        batch.written.reject(error);
        // That an earlier lease is lost says nothing of the one that the worker has now.
        return lease === token() ? failed(error) : undefined;
      }
    }
  }
}

function isPassing({ code, type }: Fault): boolean {
  return type !== "lease_lost" && (code === "unavailable" || code === "aborted" || code === "deadline_exceeded");
}

/** The lease is lost: what runs can write nothing more. */
export const leaseLost = (): Fault =>
  new Fault({
    code: "aborted",
    type: "lease_lost",
    message: "The lease of this worker ended, and other workers run its sagas now. End this run; it can write nothing more.",
  });
