import { sendApart } from "../../core/batch/send-apart.ts";
import { Fault } from "../../core/fault.ts";
import type { ClaimStore, Place, Settlement } from "../ports/claim-store.ts";

const retryMs = 100;
const nothing: Settlement = { completed: [], kept: [], retried: [], deadLettered: [] };

/** What writing settlements needs. */
export interface SettlementWriterOptions {
  readonly store: Pick<ClaimStore, "settle" | "held">;
  /** Of the lease of now; undefined while there is none. */
  readonly token: () => number | undefined;
  readonly pause: (ms: number) => Promise<void>;
  /** Called with why a task cannot be written: it is still leased to this worker, which does not have it any more. */
  readonly refused: (error: unknown) => void;
}

/** Writes settlements, each until the database takes it or the lease is another: then all others take these tasks for not done. */
export class SettlementWriter {
  readonly #options: SettlementWriterOptions;

  constructor(options: SettlementWriterOptions) {
    this.#options = options;
  }

  /** Returns how many of the tasks were still leased to this worker. */
  async write(token: number, settlement: Settlement): Promise<number> {
    let left = settlement;
    let written = 0;
    for (;;) {
      try {
        return written + (await this.#options.store.settle(token, left));
      } catch (error) {
        if (token !== this.#options.token()) return 0;
        if (!isPassing(error)) return written + (await this.#writeApart(token, left, error));
        const held = await this.#stillHeld(token, left);
        written += sizeOf(left) - sizeOf(held);
        left = held;
      }
    }
  }

  async #writeApart(token: number, settlement: Settlement, error: unknown): Promise<number> {
    let written = 0;
    await sendApart(placesOf(settlement), error, {
      send: async (part) => {
        written += await this.write(token, partOf(settlement, new Set(part)));
      },
      refused: (_, cause) => this.#options.refused(cause),
    });
    return written;
  }

  /** It may have been written although the reply was lost; by then another task may lie where one of these lay. */
  async #stillHeld(token: number, settlement: Settlement): Promise<Settlement> {
    const { store, pause } = this.#options;
    for (;;) {
      await pause(retryMs);
      // The lease is another: none of these are ours.
      if (token !== this.#options.token()) return nothing;
      const held = await store.held(token, placesOf(settlement)).catch(() => undefined);
      if (held !== undefined) return filtered(settlement, ({ id }) => held.has(id));
    }
  }
}

/** What may succeed the next time. */
function isPassing(error: unknown): boolean {
  return error instanceof Fault && (error.code === "unavailable" || error.code === "aborted" || error.code === "deadline_exceeded");
}

function placesOf({ completed, kept, retried, deadLettered }: Settlement): readonly Place[] {
  return [...completed, ...kept, ...retried, ...deadLettered];
}

function sizeOf({ completed, kept, retried, deadLettered }: Settlement): number {
  return completed.length + kept.length + retried.length + deadLettered.length;
}

function filtered({ completed, kept, retried, deadLettered }: Settlement, isKept: (task: Place) => boolean): Settlement {
  return {
    completed: completed.filter(isKept),
    kept: kept.filter(isKept),
    retried: retried.filter(isKept),
    deadLettered: deadLettered.filter(isKept),
  };
}

function partOf(settlement: Settlement, part: ReadonlySet<Place>): Settlement {
  return filtered(settlement, (task) => part.has(task));
}
