import { Gather } from "../core/batch/gather.ts";
import { limits } from "../core/limits.ts";
import type { ShortenedKey } from "../operation/transaction.ts";
import type { Lender } from "./lender.ts";

const withinMs = 5_000;
const batch = 1_000;

/** Has records of keys expire sooner: one statement for all that came meanwhile. Where it fails they are kept for longer, and nothing else is wrong. */
export class ShortenedKeys {
  readonly #lender: Lender;
  readonly #gather = new Gather(1, () => this.#sendNext());
  #waiting: ShortenedKey[] = [];

  constructor(lender: Lender) {
    this.#lender = lender;
  }

  add(keys: readonly ShortenedKey[]): void {
    if (this.#waiting.length + keys.length > limits.derivedKeyQueue) return;
    this.#waiting.push(...keys);
    this.#gather.ask();
  }

  #sendNext(): Promise<unknown> | undefined {
    if (this.#waiting.length === 0) return undefined;
    const keys = this.#waiting.slice(0, batch);
    this.#waiting = this.#waiting.slice(batch);
    const values = [keys.map(({ id }) => id.toString("hex")), keys.map(({ ttlMs }) => ttlMs)];
    const statement = { text: "select plimsoll.shorten_keys($1, $2)", values, columnsAsIs: true };
    return this.#lender.borrow(withinMs, (connection) => connection.send(statement)).catch(() => undefined);
  }
}
