/** Hears one signal. Whatever it throws stops nobody else. */
export type Listener<T> = (fact: T) => void;

/**
 * One typed kind of fact about something that happened; logs, metrics, traces and tests subscribe to it.
 * Publishing costs one comparison while nobody listens. Listeners run at once, in order of subscription.
 */
export class Signal<T> {
  readonly name: string;
  #listeners: readonly Listener<T>[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Whether anybody listens; ask before building an expensive fact. */
  get heard(): boolean {
    return this.#listeners.length > 0;
  }

  /** Subscribes until the returned function is called. */
  on(listener: Listener<T>): () => void {
    // A function of its own for each subscription: the same listener may subscribe twice and leave once.
    const subscription: Listener<T> = (fact) => listener(fact);
    this.#listeners = [...this.#listeners, subscription];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== subscription);
    };
  }

  publish(fact: T): void {
    const listeners = this.#listeners;
    for (let i = 0; i < listeners.length; i++) {
      try {
        listeners[i]!(fact);
      } catch (error) {
        // A broken subscriber is a bug of its own: it must reach the crash handler, not the operation that published.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** Resolves with the next fact that `accepts` says yes to; tests wait on it instead of sleeping. */
  next(accepts: (fact: T) => boolean = () => true, abort?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const off = this.on((fact) => {
        if (!accepts(fact)) return;
        off();
        abort?.removeEventListener("abort", onAbort);
        resolve(fact);
      });
      const onAbort = () => {
        off();
        reject(abort?.reason);
      };
      abort?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
