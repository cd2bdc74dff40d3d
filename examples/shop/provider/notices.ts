import { createHmac, randomUUID } from "node:crypto";
import { drawn, type Temper } from "./temper.ts";
import type { LedgerLine } from "./wire.ts";

const attempts = 6;
const pauseMs = 200;
const timeoutMs = 5_000;
/** Notices that wait; of more, none are sent. */
const most = 1_000;

/** Sends each line of the books to the shop, signed, as the temper says: late, twice, out of order. What the shop does not take is sent again. */
export class Notices {
  readonly #to: { readonly url: string; readonly secret: string } | undefined;
  readonly #temper: Temper;
  readonly #seed: number;
  readonly #under = new Set<Promise<void>>();
  readonly #ended = new AbortController();

  constructor(to: { readonly url: string; readonly secret: string } | undefined, temper: Temper, seed: number) {
    this.#to = to;
    this.#temper = temper;
    this.#seed = seed;
  }

  send(line: LedgerLine): void {
    const again = drawn(this.#seed, `twice ${line.seq_no}`) < this.#temper.noticesTwice ? 2 : 1;
    const id = `evt_${randomUUID()}`;
    for (let copy = 0; copy < again; copy++) {
      if (this.#to === undefined || this.#under.size >= most) return;
      const lateMs = this.#temper.noticesLateMs * drawn(this.#seed, `late ${line.seq_no} ${copy}`);
      const sending = this.#deliver({ id, lateMs, body: JSON.stringify({ event_type: `${line.line_type}.booked`, ledger_line: line }) });
      this.#under.add(sending);
      void sending.finally(() => this.#under.delete(sending));
    }
  }

  /** Resolves when no notice is under way. */
  async sent(): Promise<void> {
    while (this.#under.size > 0) await Promise.all(this.#under);
  }

  close(): Promise<void> {
    this.#ended.abort();
    return this.sent();
  }

  async #deliver({ id, lateMs, body }: { readonly id: string; readonly lateMs: number; readonly body: string }): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      await this.#pause(attempt === 0 ? lateMs : pauseMs * 2 ** attempt);
      if (this.#ended.signal.aborted || (await this.#post(id, body))) return;
    }
  }

  /** Signed as Standard Webhooks has it: over the id, the time and the body. */
  async #post(id: string, body: string): Promise<boolean> {
    const { url, secret } = this.#to as { readonly url: string; readonly secret: string };
    const time = Math.floor(Date.now() / 1_000);
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const signature = `v1,${createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64")}`;
    const headers = { "webhook-id": id, "webhook-timestamp": `${time}`, "webhook-signature": signature };
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#ended.signal]);
      const reply = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body, signal });
      await reply.arrayBuffer();
      return reply.ok;
    } catch {
      return false;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended.signal.aborted) return resolve();
      const { signal } = this.#ended;
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake);
    });
  }
}
