import { setTimeout as wait } from "node:timers/promises";
import { inspect } from "node:util";
import { Signal } from "../../src/core/signals.ts";
import type { Transfer } from "./ledger/ledger.ts";

/** A definite answer, as the client got it. */
export interface Acknowledged {
  readonly input: Transfer;
  readonly status: number;
  readonly body: string;
}

/** An attempt that was answered. `sentAt` is of `performance.now()`. */
export interface Answered {
  readonly key: string;
  readonly sentAt: number;
}

const accounts = 20;
const attemptMs = 10_000;
/** An answer that neither is definite nor asks for a retry is remembered, and the command given up after so many. */
const maxUnexpected = 20;
const keptUndecided = 12;

/**
 * Sends commands as a careful client does: each under a key of its own, again and again under the same key until the answer is definite.
 * The responses that it got are kept here, independent of the app and its database.
 */
export class LedgerClient {
  readonly acknowledged = new Map<string, Acknowledged>();
  readonly sent = new Set<string>();
  readonly answered = new Signal<Answered>("answered");
  /** Keys that were answered differently the second time. */
  readonly changed: string[] = [];
  readonly unexpected: string[] = [];
  /** How the last attempts ended that were not answered definitely: why nothing goes on is found there. */
  readonly undecided: string[] = [];
  attempts = 0;
  retries = 0;
  readonly #url: string;
  readonly #random: () => number;
  #running = false;
  #workers: Promise<void>[] = [];
  #keys = 0;
  #stopped = false;

  constructor({ url, random }: { readonly url: string; readonly random: () => number }) {
    this.#url = url;
    this.#random = random;
  }

  start(workers: number): void {
    this.#running = true;
    this.#workers = Array.from({ length: workers }, () => this.#work());
  }

  /** Sends nothing new; resolves when every command has a definite answer, or `withinMs` is over. */
  async finish(withinMs: number): Promise<void> {
    this.#running = false;
    const over = new AbortController();
    await Promise.race([Promise.all(this.#workers), wait(withinMs, undefined, { signal: over.signal })]);
    over.abort();
  }

  /** Sends every acknowledged command once more: each must be answered as it was. */
  async replayAll(): Promise<void> {
    const keys = this.acknowledged.keys();
    const replay = async () => {
      for (const key of keys) await this.#replay(key);
    };
    await Promise.all(Array.from({ length: 8 }, replay));
  }

  /** Asks no more, whatever is still without an answer. */
  stop(): void {
    this.#running = false;
    this.#stopped = true;
  }

  async #work(): Promise<void> {
    while (this.#running) {
      const known = this.#random() < 0.1 ? this.#anyKey() : undefined;
      if (known !== undefined) await this.#replay(known);
      else await this.#command();
    }
  }

  #anyKey(): string | undefined {
    const nth = Math.floor(this.#random() * Math.min(200, this.acknowledged.size));
    return [...this.acknowledged.keys()].at(-1 - nth);
  }

  async #command(): Promise<void> {
    const pick = () => 1 + Math.floor(this.#random() * accounts);
    const key = `transfer-${++this.#keys}`;
    const from = pick();
    const to = (from % accounts) + 1;
    const input = { key, from, to: this.#random() < 0.5 ? to : 1 + ((from + 6) % accounts), amount: 1 + Math.floor(this.#random() * 400) };
    this.sent.add(key);
    const answer = await this.#ask(input);
    if (answer !== undefined) this.acknowledged.set(key, { input, ...answer });
  }

  async #replay(key: string): Promise<void> {
    const first = this.acknowledged.get(key);
    if (first === undefined) return;
    const again = await this.#ask(first.input);
    if (again !== undefined && (again.status !== first.status || again.body !== first.body))
      this.changed.push(`${key}: ${first.body} then ${again.body}`);
  }

  async #ask(input: Transfer): Promise<{ status: number; body: string } | undefined> {
    const unexpectedBefore = this.unexpected.length;
    for (let attempt = 1; !this.#stopped && this.unexpected.length - unexpectedBefore < maxUnexpected; attempt++) {
      const sentAt = performance.now();
      this.attempts++;
      if (attempt > 1) this.retries++;
      const answer = await this.#send(input);
      const verdict = answer === undefined ? "retry" : verdictOf(answer);
      if (answer !== undefined && verdict === "definite") {
        this.answered.publish({ key: input.key, sentAt });
        return { status: answer.status, body: withoutRequestId(answer.body) };
      }
      if (answer !== undefined) this.#undecided(`${answer.status} ${answer.body}`);
      if (verdict === "unexpected") this.unexpected.push(`${input.key}: ${answer?.status} ${answer?.body}`);
      await wait(Math.min(250, 10 * 2 ** attempt) * (0.5 + this.#random() / 2));
    }
    return undefined;
  }

  async #send(input: Transfer): Promise<{ status: number; body: string } | undefined> {
    // Now and then a client loses patience: its work is cancelled, and it asks again.
    const patienceMs = this.#random() < 0.03 ? this.#random() * 20 : attemptMs;
    try {
      const response = await fetch(`${this.#url}/v1/transfers`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer client", "idempotency-key": input.key },
        body: JSON.stringify(input),
        signal: AbortSignal.timeout(patienceMs),
      });
      return { status: response.status, body: await response.text() };
    } catch (error) {
      this.#undecided(inspect(error, { depth: 2 }));
      return undefined;
    }
  }

  #undecided(what: string): void {
    this.undecided.push(`${Math.round(performance.now())} ms: ${what}`);
    if (this.undecided.length > keptUndecided) this.undecided.shift();
  }
}

function verdictOf({ status, body }: { readonly status: number; readonly body: string }): "definite" | "retry" | "unexpected" {
  if (status === 200 || (status === 400 && body.includes('"urn:plimsoll:poor"'))) return "definite";
  return [409, 429, 499, 503, 504].includes(status) ? "retry" : "unexpected";
}

/** A problem names the request that it answers; all else of it must stay as it was. */
function withoutRequestId(body: string): string {
  return body.replace(/"requestId":"[^"]*",?/, "");
}
