import { setImmediate } from "node:timers/promises";
import type { Clock, RateStore } from "plimsoll";

/** What a toy server does with a question. `hangs`: it never answers; `fails`: it answers with an error; `lies`: it answers what is no time. */
export type ToyState = "answers" | "hangs" | "fails" | "throws" | "lies";

/** A toy of a server that processes share: the time at which each key has its whole burst again. */
export class ToyServer {
  readonly clock: Clock;
  readonly fullAt = new Map<string, number>();
  state: ToyState = "answers";
  asked = 0;
  connected = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }
}

/** A toy of a store in another process: it answers a turn later, and counts by the server's clock. */
export function sharedRates(server: ToyServer): RateStore {
  return {
    name: "toy",
    open: () => {
      const answer = async <T>(question: () => T): Promise<T> => {
        server.asked++;
        await setImmediate();
        if (server.state === "hangs") return new Promise(() => undefined);
        if (server.state === "fails") throw new Error("the toy server is gone");
        return server.state === "lies" ? (Number.NaN as T) : question();
      };
      return {
        service: {
          name: "toy connection",
          start: async () => void server.connected++,
          stop: async () => void server.connected--,
        },
        limiter: ({ name, ratePerSecond, burst }) => {
          const intervalMs = 1_000 / ratePerSecond;
          const placeOf = (key: string) => `${name}\n${key}`;
          return {
            take: (key) => {
              if (server.state === "throws") throw new Error("the toy is not connected");
              return answer(() => {
                const now = server.clock.monotonic();
                const next = Math.max(now, server.fullAt.get(placeOf(key)) ?? 0) + intervalMs;
                const waitMs = next - now - burst * intervalMs;
                if (waitMs > 0) return waitMs;
                server.fullAt.set(placeOf(key), next);
                return 0;
              });
            },
            refund: (key) => answer(() => void server.fullAt.set(placeOf(key), (server.fullAt.get(placeOf(key)) ?? 0) - intervalMs)),
          };
        },
      };
    },
  };
}
