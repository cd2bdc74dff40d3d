import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { SagaAdmin, SagaCount } from "./ports/admin-store.ts";
import type { SagaSignals } from "./signals.ts";

const everyMs = 60_000;
const countEveryMs = 10_000;

/** What upkeep needs; everything filled in. */
export interface SagaUpkeepOptions {
  readonly admin: Pick<SagaAdmin, "expire" | "forgetSignalKeys" | "counts">;
  readonly clock: Clock;
  readonly signals: SagaSignals;
  readonly retentionMs: number;
}

/** What is done about sagas now and then: it deletes those that are kept for too long, forgets old keys of signals, and counts those that are under way. */
export class SagaUpkeep {
  readonly #options: SagaUpkeepOptions;
  #expiredAt = Number.NEGATIVE_INFINITY;
  #countedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isStopped = false;
  /** As they were counted last. */
  counts: readonly SagaCount[] = [];

  constructor(options: SagaUpkeepOptions) {
    this.#options = options;
  }

  onHeartbeat(): void {
    if (this.#running !== undefined || this.#isStopped) return;
    this.#running = this.#work()
      .catch((error: unknown) => {
        if (!this.#isStopped) this.#options.signals.failing.publish({ error });
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #work(): Promise<void> {
    const { admin, clock, retentionMs } = this.#options;
    const now = clock.monotonic();
    if (now - this.#countedAt >= countEveryMs) {
      this.#countedAt = now;
      this.counts = await admin.counts();
    }
    if (now - this.#expiredAt < everyMs) return;
    // Where one turn does not delete all, the next heartbeat continues.
    const expired = await admin.expire(retentionMs);
    const forgotten = await admin.forgetSignalKeys(limits.sagaSignalKeyMs);
    if (Math.max(expired, forgotten) < limits.sagaExpiryTurn) this.#expiredAt = now;
  }
}
