import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { messageOf } from "../core/value/thrown.ts";

/**
 * Loads a package that an edge needs when it is used.
 * *Faults thrown*: `failed_precondition` of type `broker_not_installed`, which names the packages.
 */
export async function loadPackage<T>(edge: string, packages: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new Fault({
      code: "failed_precondition",
      type: "broker_not_installed",
      message: `${edge} needs ${packages}, and it cannot be loaded: ${messageOf(cause)}. Run: npm install ${packages}`,
      cause,
    });
  }
}

/** Says that a broker cannot be used now. *Faults*: `unavailable` of type `broker_unavailable`. */
export function brokerUnavailable(broker: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  return new Fault({
    code: "unavailable",
    type: "broker_unavailable",
    message: `${broker} did not confirm: ${messageOf(cause)}. It is tried again; check that the broker responds.`,
    cause,
  });
}

/** Says that a broker never takes a message. *Faults*: `invalid_argument` of type `message_refused`. */
export function messageRefused(broker: string, cause: unknown): Fault {
  return new Fault({
    code: "invalid_argument",
    type: "message_refused",
    message: `${broker} takes no such message: ${messageOf(cause)}. Change the event or the limits of the broker, and retry it at /events.`,
    cause,
  });
}

/** Says that what an address names is not there. *Faults*: `failed_precondition` of type `broker_place_missing`. */
export function placeMissing(broker: string, what: string, cause?: unknown): Fault {
  return new Fault({
    code: "failed_precondition",
    type: "broker_place_missing",
    message: `${broker} has no ${what}. Create it, or correct its name.`,
    cause,
  });
}

/** Settles as the work does, or rejects after that time: clients wait for their connection without an end. */
export function within<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.schedule(limitMs, () => reject(new RangeError(`there was no response within ${limitMs} ms`)));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** Settles as the work does, or rejects when the signal aborts: what a client sends may still arrive. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
