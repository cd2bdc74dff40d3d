import { keepProcess, systemClock } from "./clock.ts";
import { formatMs } from "./duration.ts";
import { Fault } from "./fault.ts";
import { describeThrown, readThrown } from "./value/thrown.ts";

/** Receives one signal. An exception or a rejection of it becomes a warning of the process and fails nothing else. */
export type Listener<T> = (fact: T) => void;

/**
 * Publishes one typed kind of event; logs, metrics, traces and tests subscribe to it.
 * Publishing costs one comparison while there is no listener. Listeners run at once, in order of subscription.
 */
export class Signal<T> {
  readonly name: string;
  #listeners: readonly Listener<T>[] = [];
  #waitLimitMs: number | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Whether there is a listener; check before building an expensive fact. */
  get hasListeners(): boolean {
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
        const returned: unknown = listeners[i]!(fact);
        if (returned instanceof Promise) returned.catch((error) => warnOfListener(`A listener of ${this.name}`, error));
      } catch (error) {
        warnOfListener(`A listener of ${this.name}`, error);
      }
    }
  }

  /** From now on `next` waits no longer than this, of the machine's time, unless it is given what ends the wait. For tests. */
  limitWaits(limitMs: number): void {
    this.#waitLimitMs = limitMs;
  }

  /**
   * Resolves with the next fact that `accepts` says yes to; tests wait on it instead of sleeping.
   * *Faults thrown*: the reason of `abort`; `deadline_exceeded` of type `wait_limit` after what `limitWaits` allows.
   */
  next(accepts: (fact: T) => boolean = () => true, abort?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      let passed = 0;
      let last: T | undefined;
      const off = this.on((fact) => {
        if (!accepts(fact)) {
          passed++;
          last = fact;
          return;
        }
        end();
        resolve(fact);
      });
      const onAbort = () => {
        end();
        reject(abort?.reason);
      };
      const limitMs = abort === undefined ? this.#waitLimitMs : undefined;
      const late = () => {
        end();
        reject(this.#lateFault({ limitMs: limitMs ?? 0, accepts, passed, last }));
      };
      const timers = limitMs === undefined ? [] : [systemClock.schedule(limitMs, late), keepProcess()];
      const end = () => {
        off();
        abort?.removeEventListener("abort", onAbort);
        for (const timer of timers) timer.cancel();
      };
      abort?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #lateFault(wait: {
    readonly limitMs: number;
    readonly accepts: (fact: T) => boolean;
    readonly passed: number;
    readonly last: T | undefined;
  }) {
    const { limitMs, accepts, passed, last } = wait;
    const came = passed === 0 ? "no event came" : `${passed} other events came, the last one ${shownFact(last)}`;
    return new Fault({
      code: "deadline_exceeded",
      type: "wait_limit",
      message: `Waited ${formatMs(limitMs)} for "${this.name}" where ${shownText(String(accepts))}: ${came}. Start to wait before the code that causes the event, or allow a longer wait.`,
    });
  }
}

const shownChars = 200;
const shownText = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > shownChars ? `${line.slice(0, shownChars)}…` : line;
};

/** The plain members of a fact. */
function shownFact(fact: unknown): string {
  if (typeof fact !== "object" || fact === null) return shownText(String(fact));
  const { operation, outcome, message } = fact as Readonly<Record<string, unknown>>;
  if (typeof operation === "string") return shownText([operation, outcome, message].filter((part) => typeof part === "string").join(" "));
  const plain = Object.entries(fact).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return shownText(plain.map(([name, value]) => `${name}: ${value}`).join(", "));
}

let failures = 0;

/**
 * Warns of a bug in what only listens: a subscriber, a sink. What it listens to continues.
 * *Bounds*: the first failure of the process, the tenth, the hundredth and so on are reported, on `process.on("warning")` and stderr.
 */
export function warnOfListener(who: string, thrown: unknown): void {
  failures++;
  if (!Number.isInteger(Math.log10(failures))) return;
  const { stack } = readThrown(thrown);
  const message = `${who} failed: ${describeThrown(thrown)}. The process continues without it; fix the cause. This is failure ${failures} of such code in this process.`;
  process.emitWarning(message, { type: "PlimsollListenerWarning", ...(stack !== undefined && { detail: stack }) });
}
