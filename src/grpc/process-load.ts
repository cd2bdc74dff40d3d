import type { EventLoopUtilization } from "node:perf_hooks";
import { performance } from "node:perf_hooks";
import { systemClock } from "../core/clock.ts";
import type { Runtime } from "../pipeline/runtime.ts";
import type { LoadReport } from "./call/inside.ts";

const everyMs = 200;

/** How loaded a process is, as its callers balance by it: by its places, or by its event loop, which may be full where hardly a place is taken. */
export class ProcessLoad implements LoadReport {
  readonly zone: string | undefined;
  readonly #slots: Runtime["slots"];
  #since: EventLoopUtilization = performance.eventLoopUtilization();
  #at = systemClock.monotonic();
  #loop = 0;

  constructor({ slots }: Pick<Runtime, "slots">, zone: string | undefined) {
    this.zone = zone;
    this.#slots = slots;
  }

  read(): number {
    const now = systemClock.monotonic();
    if (now - this.#at >= everyMs) {
      const until = performance.eventLoopUtilization();
      this.#loop = performance.eventLoopUtilization(until, this.#since).utilization;
      this.#since = until;
      this.#at = now;
    }
    const { running, waiting, most } = this.#slots;
    return Math.max((running + waiting) / Math.max(1, most), this.#loop);
  }
}
