import { setTimeout as wait } from "node:timers/promises";
import { Signal } from "../../../src/core/signals.ts";

/** What one key has come to, as its buyer got it over HTTP. */
export interface Bought {
  readonly checkoutId: string;
  readonly quantity: number;
  /** Whether the buyer has cancelled the order, and the shop said that it is. */
  cancelled: boolean;
}

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON came.
  readonly body: any;
}

const attemptMs = 10_000;
const maxUnexpected = 20;
const ended: readonly unknown[] = ["paid", "undone", "refunded"];

/**
 * Buyers of the shop who are careful: each asks under a key of its own, again and again until the reply is definite, and waits until its checkout has ended.
 * One in five then cancels. The replies that they got are kept here, independent of the shop and its database.
 */
export class Buyers {
  readonly sent = new Set<string>();
  readonly acknowledged = new Map<string, Bought>();
  /** A checkout that has ended, by when it was first sent, of `performance.now()`. */
  readonly ended = new Signal<{ readonly sentAt: number }>("ended");
  /** Keys whose second reply is another one. */
  readonly changed: string[] = [];
  readonly unexpected: string[] = [];
  attempts = 0;
  readonly #url: string;
  readonly #token: string;
  readonly #productId: string;
  readonly #random: () => number;
  #workers: Promise<void>[] = [];
  #isBuying = true;
  #stopped = false;

  constructor({ url, token, productId, random }: { url: string; token: string; productId: string; random: () => number }) {
    this.#url = url;
    this.#token = token;
    this.#productId = productId;
    this.#random = random;
  }

  start(count: number): void {
    this.#workers = Array.from({ length: count }, () => this.#work());
  }

  /** Begins nothing new; resolves when every key has a definite reply and every checkout has ended, or `withinMs` is over. */
  async finish(withinMs: number): Promise<void> {
    this.#isBuying = false;
    const over = new AbortController();
    await Promise.race([Promise.all(this.#workers), wait(withinMs, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
  }

  /** Sends each key once more: its reply must be the one that it had. */
  async replayAll(): Promise<void> {
    for (const key of this.acknowledged.keys()) await this.#replay(key);
  }

  stop(): void {
    this.#isBuying = false;
    this.#stopped = true;
  }

  async #work(): Promise<void> {
    while (this.#isBuying && !this.#stopped) {
      const known = this.#random() < 0.1 ? [...this.acknowledged.keys()].at(-1) : undefined;
      if (known === undefined) await this.#buy();
      else await this.#replay(known);
    }
  }

  async #buy(): Promise<void> {
    const key = `buy-${this.sent.size + 1}`;
    this.sent.add(key);
    const quantity = 1 + Math.floor(this.#random() * 3);
    const cancels = this.#random() < 0.2;
    const sentAt = performance.now();
    const reply = await this.#checkout(key, quantity);
    if (reply === undefined) return;
    const bought: Bought = { checkoutId: reply.body.checkoutId, quantity, cancelled: false };
    this.acknowledged.set(key, bought);
    const state = await this.#ending(bought.checkoutId);
    this.ended.publish({ sentAt });
    if (!cancels || state !== "paid") return;
    const cancelled = await this.#untilDefinite(`POST /v1/orders/${bought.checkoutId}/cancel`, {}, ({ status }) => status === 200);
    bought.cancelled = cancelled !== undefined;
    while (bought.cancelled && !this.#stopped && (await this.#ending(bought.checkoutId)) !== "refunded") await wait(100);
  }

  async #replay(key: string): Promise<void> {
    const first = this.acknowledged.get(key);
    if (first === undefined) return;
    const again = await this.#checkout(key, first.quantity);
    if (again !== undefined && again.body.checkoutId !== first.checkoutId) this.changed.push(`${key}: ${JSON.stringify(again.body)}`);
  }

  #checkout(key: string, quantity: number): Promise<Reply | undefined> {
    const body = JSON.stringify({ lines: [{ productId: this.#productId, quantity }] });
    return this.#untilDefinite("POST /v1/checkouts", { body, key }, ({ status }) => status === 202);
  }

  async #ending(checkoutId: string): Promise<string | undefined> {
    while (!this.#stopped) {
      const reply = await this.#untilDefinite(`GET /v1/checkouts/${checkoutId}`, {}, ({ status }) => status === 200);
      if (reply === undefined || ended.includes(reply.body.state)) return reply?.body.state;
      await wait(100);
    }
    return undefined;
  }

  async #untilDefinite(line: string, ask: { body?: string; key?: string }, isDefinite: (reply: Reply) => boolean) {
    let unexpected = 0;
    for (let attempt = 1; !this.#stopped && unexpected < maxUnexpected; attempt++) {
      this.attempts++;
      const reply = await this.#send(line, ask);
      if (reply !== undefined && isDefinite(reply)) return reply;
      if (reply !== undefined && !isWorthARetry(reply)) {
        unexpected++;
        this.unexpected.push(`${line} ${ask.key ?? ""}: ${reply.status} ${JSON.stringify(reply.body)}`);
      }
      await wait(Math.min(250, 10 * 2 ** attempt) * (0.5 + this.#random() / 2));
    }
    return undefined;
  }

  async #send(line: string, { body, key }: { body?: string; key?: string }): Promise<Reply | undefined> {
    const [method = "", path = ""] = line.split(" ");
    // Now and then a buyer loses patience: what was begun is cancelled, and it asks again.
    const patienceMs = this.#random() < 0.03 ? this.#random() * 20 : attemptMs;
    try {
      const response = await fetch(`${this.#url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(key !== undefined && { "idempotency-key": key }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body }),
        signal: AbortSignal.timeout(patienceMs),
      });
      return { status: response.status, body: JSON.parse(await response.text()) };
    } catch {
      return undefined;
    }
  }
}

/** A service or the server is away or busy, or the first attempt with the key still runs. */
function isWorthARetry({ status, body }: Reply): boolean {
  return [429, 499, 503, 504].includes(status) || (status === 409 && body.type === "urn:plimsoll:idempotency_key_running");
}
