import { warnOfListener } from "./signals.ts";

/**
 * Something with a lifetime that an app starts and stops.
 * *Guarantees asked of an implementation*: `start` resolves when it can be used and rejects when it cannot; `stop` may be called at any time,
 * more than once, also after a failed `start`, resolves when everything is let go, and never rejects.
 */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts services in order; when one fails, stops those that were started, in reverse, and throws the failure. */
export async function startAll(services: readonly Service[]): Promise<void> {
  for (const [index, service] of services.entries()) {
    try {
      await service.start();
    } catch (error) {
      await stopAll(services.slice(0, index + 1));
      throw error;
    }
  }
}

/** Stops services in the reverse of the order in which they started. One that cannot stop, against its contract, is warned of and keeps no other. */
export async function stopAll(services: readonly Service[]): Promise<void> {
  for (const service of services.toReversed()) {
    try {
      await service.stop();
    } catch (error) {
      warnOfListener(`The stop of ${service.name}`, error);
    }
  }
}
