import type { Timer } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { Service } from "../core/service.ts";
import type { Runtime } from "../pipeline/runtime.ts";

const tickMs = 50;

/** Notices when the event loop stood still, and names the operation whose handler continued last before it did. */
export class LoopMonitor implements Service {
  readonly name = "loop monitor";
  readonly #runtime: Runtime;
  #timer: Timer | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async start(): Promise<void> {
    this.#watch();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
  }

  /** Who entered since then and held up the next one, or else whose handler continued last: others may have entered in the same turn, after it. */
  #blockerSince(since: number): string | undefined {
    const { held, entered } = this.#runtime;
    return held !== undefined && held.acceptedAt >= since ? held.operation : entered?.operation;
  }

  #watch(): void {
    const { clock, signals } = this.#runtime;
    const since = clock.monotonic();
    this.#timer = clock.schedule(tickMs, () => {
      const blockedMs = clock.monotonic() - since - tickMs;
      if (blockedMs >= limits.loopBlockedMs) signals.loopBlocked.publish({ blockedMs, operation: this.#blockerSince(since) });
      this.#runtime.held = undefined;
      this.#watch();
    });
  }
}
