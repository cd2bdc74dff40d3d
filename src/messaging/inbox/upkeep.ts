import type { Clock, Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { Inbox } from "./inbox.ts";
import type { InboxStore } from "./store.ts";

/** How far a subscription is behind its broker. */
export interface InboxLag {
  readonly subscription: string;
  /** Undefined where another process receives, or the broker does not say. */
  readonly lag: number | undefined;
  readonly refused: number;
}

/** Looks every few seconds how far the subscriptions of a process are, and deletes what is old. */
export class InboxUpkeep {
  readonly #options: {
    readonly store: InboxStore;
    readonly clock: Clock;
    readonly inboxes: readonly Inbox[];
  };
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #isStopped = false;
  /** What was found last. */
  found: readonly InboxLag[] = [];

  constructor(options: {
    readonly store: InboxStore;
    readonly clock: Clock;
    readonly inboxes: readonly Inbox[];
  }) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.schedule(limits.inboxLookMs, () => {
      this.#looking = this.look()
        .then(() => undefined)
        .catch(() => undefined)
        .finally(() => {
          if (!this.#isStopped) this.start();
        });
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  /** Looks at once. */
  async look(): Promise<readonly InboxLag[]> {
    const { store, inboxes } = this.#options;
    await store.keep({ idsMs: limits.inboxIdsMs, deadLetterMs: limits.inboxDeadLetterMs });
    const found: InboxLag[] = [];
    for (const inbox of inboxes) {
      const { name } = inbox.definition;
      found.push({ subscription: name, lag: await inbox.lag(), refused: await store.countRefused(name) });
    }
    this.found = found;
    return found;
  }
}
