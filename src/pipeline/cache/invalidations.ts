import assert from "node:assert";
import { limits } from "../../core/limits.ts";
import { everything } from "../../operation/cache/port.ts";
import type { Transaction } from "../../operation/transaction.ts";
import { isTag } from "./compiled-cache.ts";

/** The tags that transactions under way invalidate if they commit. */
export class Invalidations {
  readonly #buffered = new WeakMap<Transaction, (readonly string[])[]>();

  /** Keeps tags until the transaction has ended; an attempt that is undone takes them out again. */
  add(transaction: Transaction, tags: readonly string[]): void {
    for (const tag of tags)
      assert(isTag(tag), `A tag is a text of 1 to ${limits.cacheTagChars} characters without control characters: what was given is none.`);
    if (tags.length === 0) return;
    let buffered = this.#buffered.get(transaction);
    if (buffered === undefined) {
      buffered = [];
      this.#buffered.set(transaction, buffered);
    }
    const kept = buffered;
    kept.push(tags);
    transaction.onUndo(() => void kept.splice(kept.indexOf(tags), 1));
  }

  /** The tags of a transaction, each once; undefined where it has none. */
  of(transaction: Transaction): readonly string[] | undefined {
    const buffered = this.#buffered.get(transaction);
    if (buffered === undefined || buffered.length === 0) return undefined;
    const tags = new Set(buffered.flat());
    return tags.size > limits.cacheInvalidations ? [everything] : [...tags];
  }
}
