import { setImmediate } from "node:timers/promises";
import { type CallFault, type CallOptions, type ClientClock, type ClientOptions, client } from "plimsoll/client";

/** A clock that goes on from timer to timer while a test waits. Its keys are counted, and its randomness takes nothing off a wait. */
export class SteeredClock implements ClientClock {
  #now = 0;
  #keys = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  monotonic(): number {
    return this.#now;
  }
  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
  random(): number {
    return 0;
  }
  key(): string {
    return `key-${++this.#keys}`;
  }
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass, one timer after the other, until the work has ended. What needs no time is done between two of them. */
  async until<T>(work: PromiseLike<T>): Promise<T> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    for (;;) {
      for (let turn = 0; turn < 4 && !ended; turn++) await setImmediate();
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (ended || next === undefined) return work;
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
    }
  }
}

/** What a client sent. */
export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly atMs: number;
}

export type Script = readonly ((sent: Sent, signal: AbortSignal) => Response | Promise<Response>)[];

/** A client of a service that does what a test says: the script has a reply for each attempt, and its last one is for all later ones. */
export function scripted(script: Script, options: Partial<ClientOptions<Anything>> = {}) {
  const clock = new SteeredClock();
  const sent: Sent[] = [];
  const api = client<Anything>({
    url: "https://shop.test",
    clock,
    fetch: async (url, init) => {
      const { method = "GET", headers, body, signal } = init as RequestInit & { readonly signal: AbortSignal };
      const one = { url, method, headers: headers as Record<string, string>, body, atMs: clock.monotonic() };
      sent.push(one);
      return (script[sent.length - 1] ?? script.at(-1)!)(one, signal);
    },
    ...options,
  }) as unknown as Anything;
  return { api, sent, clock };
}

/** The operations of contracts that a test does not declare. */
export type Anything = Record<string, Record<string, (input: unknown, options?: CallOptions) => Loose>>;
/** What a call returns where its contract is not known: a reply, or the items of a stream. */
// biome-ignore lint/suspicious/noExplicitAny: which output it is, only the route says.
export type Loose = Promise<any> & AsyncIterable<any> & { outcome(): Promise<{ ok: boolean; output?: any; fault?: any }> };

/** A reply with JSON. */
export const ok = (body: unknown, headers: Record<string, string> = {}) => Response.json(body, { headers });

/** A problem document of the service. */
export const refused = (status: number, { type, code, headers = {} }: { type: string; code: string; headers?: Record<string, string> }) =>
  new Response(JSON.stringify({ type: `urn:plimsoll:${type}`, title: "", status, detail: "No.", code, requestId: "r-1" }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });

/** Returns the fault that a call ends with. */
export async function faultOf(call: PromiseLike<unknown>): Promise<CallFault> {
  return call.then(
    () => Promise.reject(new TypeError("the call succeeded")),
    (fault: CallFault) => fault,
  ) as Promise<CallFault>;
}
