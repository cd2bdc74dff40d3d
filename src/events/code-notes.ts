import type { Clock, Timer } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { SubscriptionCode } from "./ports/log-store.ts";
import type { SubscriptionLeases } from "./ports/subscription-store.ts";
import type { EventSignals } from "./signals.ts";

/** Says regularly which events the code of this process takes, also where it handles none: earlier code leaves to it what only it takes. */
export class CodeNotes {
  readonly #store: Pick<SubscriptionLeases, "noteCode">;
  readonly #clock: Clock;
  readonly #signals: EventSignals;
  readonly #code: readonly SubscriptionCode[];
  #timer: Timer | undefined;
  #noting: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: {
    readonly store: Pick<SubscriptionLeases, "noteCode">;
    readonly clock: Clock;
    readonly signals: EventSignals;
    readonly definitions: readonly SubscriptionCode[];
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#signals = options.signals;
    this.#code = options.definitions;
  }

  /** *Guarantees*: what is emitted after it has resolved is left to this code. *Faults thrown*: `unavailable`. */
  async start(): Promise<void> {
    if (this.#code.length === 0) return;
    await this.#store.noteCode(this.#code);
    this.#noteLater();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#noting;
  }

  #noteLater(): void {
    if (this.#isStopped) return;
    this.#timer = this.#clock.schedule(limits.eventCodeEveryMs, () => {
      this.#noting = this.#store
        .noteCode(this.#code)
        .catch((error: unknown) => this.#signals.failing.publish({ error }))
        .finally(() => this.#noteLater());
    });
  }
}
