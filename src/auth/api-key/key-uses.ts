import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { warnOfListener } from "../../core/signals.ts";

/** The last use of an API key within a while. */
export interface ApiKeyUse {
  readonly id: string;
  readonly usedAt: Date;
}

/** What {@link KeyUses} needs. */
export interface KeyUsesOptions {
  readonly used: (uses: readonly ApiKeyUse[]) => unknown;
  readonly everyMs: number;
  readonly clock: Clock;
}

/**
 * Collects when keys are used, and reports it now and then, so that a use costs no statement and holds up no request.
 * *Bounds*: one report at a time; at most `limits.apiKeyUses` keys in one, and further ones are reported when they are used again.
 */
export class KeyUses {
  readonly #options: KeyUsesOptions;
  #uses = new Map<string, number>();
  #isWaiting = false;

  constructor(options: KeyUsesOptions) {
    this.#options = options;
  }

  /** *Units* of `now`: milliseconds since the Unix epoch. */
  note(id: string, now: number): void {
    if (this.#uses.size < limits.apiKeyUses || this.#uses.has(id)) this.#uses.set(id, now);
    this.#reportLater();
  }

  #reportLater(): void {
    if (this.#isWaiting || this.#uses.size === 0) return;
    this.#isWaiting = true;
    const { clock, everyMs } = this.#options;
    clock.schedule(everyMs, () => void this.#report());
  }

  async #report(): Promise<void> {
    const uses = [...this.#uses].map(([id, at]): ApiKeyUse => ({ id, usedAt: new Date(at) }));
    this.#uses = new Map();
    try {
      await this.#options.used(uses);
    } catch (error) {
      warnOfListener("apiKeys({ used })", error);
    }
    this.#isWaiting = false;
    this.#reportLater();
  }
}
