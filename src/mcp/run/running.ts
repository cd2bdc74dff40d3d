import type { Asking } from "./asking.ts";

/**
 * The requests of sessions that run now in this process, so that a client can cancel them by their ids. Requests of the modern era are cancelled by their
 * connections. *Bounds*: the requests at once that the surface takes.
 */
export class Running {
  readonly #requests = new Map<string, AbortController>();

  /** Runs a request that can be cancelled meanwhile. */
  async track<T>(asking: Asking, run: (asking: Asking) => T | Promise<T>): Promise<T> {
    const { client, message } = asking;
    if (client.session === undefined) return run(asking);
    const key = keyOf(client.session, message.id);
    const cancelling = new AbortController();
    this.#requests.set(key, cancelling);
    try {
      return await run({ ...asking, signal: AbortSignal.any([asking.signal, cancelling.signal]) });
    } finally {
      if (this.#requests.get(key) === cancelling) this.#requests.delete(key);
    }
  }

  cancel(session: string, id: unknown): void {
    this.#requests.get(keyOf(session, id))?.abort();
  }
}

const keyOf = (session: string, id: unknown): string => JSON.stringify([session, id]);
