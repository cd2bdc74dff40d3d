import { resource } from "plimsoll";
import type { ItemResult } from "./domain.ts";

/** Makes results durable, for one tenant. */
export type Store = (results: readonly ItemResult[]) => Promise<unknown>;

interface Batch {
  readonly results: ItemResult[];
  readonly stored: Promise<unknown>;
}

/** More than that wait for the one behind. */
const batchSize = 1_000;

/**
 * Stores together what comes together: while one batch is on its way, the next one gathers, and costs one transaction whatever its size.
 * *Guarantees*: a result that was written is durable when this resolves. *Bounds*: it holds what those who wait here have in their hands, and no more.
 */
export class ResultWriter {
  /** The batch that gathers, by tenant: a transaction is on behalf of one. */
  readonly #gathering = new Map<string, Batch>();
  /** The last one that was sent, by tenant. */
  readonly #onItsWay = new Map<string, Promise<unknown>>();

  /** `store`: of the first caller, for all that join. */
  async write(tenant: string, result: ItemResult, store: Store): Promise<void> {
    let batch = this.#gathering.get(tenant);
    if (batch === undefined || batch.results.length >= batchSize) {
      const results: ItemResult[] = [];
      batch = { results, stored: this.#send(tenant, results, store) };
      this.#gathering.set(tenant, batch);
    }
    batch.results.push(result);
    await batch.stored;
  }

  async #send(tenant: string, results: ItemResult[], store: Store): Promise<void> {
    const before = this.#onItsWay.get(tenant);
    const sent = this.#afterwards(before).then(() => {
      if (this.#gathering.get(tenant)?.results === results) this.#gathering.delete(tenant);
      return store(results);
    });
    this.#onItsWay.set(tenant, sent);
    try {
      await sent;
    } finally {
      if (this.#onItsWay.get(tenant) === sent) this.#onItsWay.delete(tenant);
    }
  }

  /** Every caller in this turn joins. */
  async #afterwards(before: Promise<unknown> | undefined): Promise<void> {
    await before?.catch(() => undefined);
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

export const resultWriter = resource("crunch.result-writer", { create: () => new ResultWriter() });
