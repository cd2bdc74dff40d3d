import type { Clock, Timer } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Engine } from "../../operation/durable/engine.ts";
import type { WrittenChannel, WrittenStreams, WrittenWatch } from "../../operation/online/stream/written.ts";
import type { EngineSource } from "../engine-source.ts";

/** Wakes the readers of a process. It listens from the first reader on, so that an app without readers has no session for it. */
export class ProcessWritten implements WrittenStreams {
  readonly #channel: WrittenChannel;
  readonly #clock: Clock;
  readonly #watches = new Map<string, Set<Watch>>();
  #session: ReturnType<WrittenChannel["listen"]> | undefined;

  constructor(channel: WrittenChannel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  committed(keys: ReadonlySet<string>): void {
    this.#wake([...keys]);
    this.#channel.notify(keys);
  }

  watch(key: string): WrittenWatch {
    if (this.#session === undefined) {
      this.#session = this.#channel.listen((keys) => this.#wake(keys));
      // Without a session its readers look again and again.
      this.#session.start().catch(() => undefined);
    }
    const watch = new Watch({
      clock: this.#clock,
      longestMs: () => (this.#session?.isOpen === true ? limits.durableStreamLookMs : limits.durableStreamPollMs),
      closed: () => {
        const all = this.#watches.get(key);
        all?.delete(watch);
        if (all?.size === 0) this.#watches.delete(key);
      },
    });
    const all = this.#watches.get(key);
    if (all === undefined) this.#watches.set(key, new Set([watch]));
    else all.add(watch);
    return watch;
  }

  async stop(): Promise<void> {
    for (const all of [...this.#watches.values()]) for (const watch of [...all]) watch.close();
    await this.#session?.stop();
    this.#session = undefined;
  }

  #wake(keys: readonly string[] | undefined): void {
    for (const key of keys ?? [...this.#watches.keys()]) for (const watch of this.#watches.get(key) ?? []) watch.written();
  }
}

interface WatchOptions {
  readonly clock: Clock;
  readonly longestMs: () => number;
  readonly closed: () => void;
}

class Watch implements WrittenWatch {
  readonly #options: WatchOptions;
  #isDue = false;
  #isClosed = false;
  #timer: Timer | undefined;
  #resolve: (() => void) | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  next(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    if (this.#isDue) {
      this.#isDue = false;
      return Promise.resolve();
    }
    const { clock, longestMs } = this.#options;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = clock.schedule(longestMs(), () => this.written());
    });
  }

  written(): void {
    const resolve = this.#resolve;
    this.#isDue = resolve === undefined;
    this.#timer?.cancel();
    this.#resolve = undefined;
    resolve?.();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.written();
    this.#options.closed();
  }
}

/** Has the readers of an app woken through a channel. It runs no operations. */
export function writtenEngine(channel: WrittenChannel): EngineSource {
  return {
    open({ runtime }): Engine {
      const written = new ProcessWritten(channel, runtime.clock);
      return {
        ...{ kinds: [], pages: [], written },
        service: { name: "durable streams", start: async () => undefined, stop: () => written.stop() },
        get starts(): never {
          throw new Fault({ code: "failed_precondition", message: "Streams start no work. Start a task." });
        },
      };
    },
  };
}
