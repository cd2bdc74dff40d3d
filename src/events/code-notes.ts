import { type Clock, Repeated } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { SubscriptionCode } from "./ports/log-store.ts";
import type { SubscriptionLeases } from "./ports/subscription-store.ts";
import type { EventSignals } from "./signals.ts";

/** What notes the code of a process. */
export interface CodeNotesOptions {
  readonly store: Pick<SubscriptionLeases, "noteCode">;
  readonly clock: Clock;
  readonly signals: EventSignals;
  readonly definitions: readonly SubscriptionCode[];
}

/** Says regularly which events the code of this process takes, also where it handles none: earlier code leaves to it what only it takes. */
export class CodeNotes {
  readonly #options: CodeNotesOptions;
  readonly #noting: Repeated;

  constructor(options: CodeNotesOptions) {
    this.#options = options;
    const { store, clock, signals, definitions } = options;
    const failed = (error: unknown) => signals.failing.publish({ error });
    this.#noting = new Repeated({
      clock,
      everyMs: limits.eventCodeEveryMs,
      work: () => store.noteCode(definitions, { starts: false }),
      failed,
    });
  }

  /** *Guarantees*: what is emitted after it has resolved is left to this code. *Faults thrown*: `unavailable`. */
  async start(): Promise<void> {
    const { store, definitions } = this.#options;
    if (definitions.length === 0) return;
    await store.noteCode(definitions, { starts: true });
    this.#noting.start();
  }

  stop(): Promise<void> {
    return this.#noting.stop();
  }
}
