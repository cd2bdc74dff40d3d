import { limits } from "../../core/limits.ts";
import { everything } from "../../operation/cache/port.ts";

/**
 * Which tags were invalidated since when. A load that began before an invalidation of its tags has read what may be outdated.
 * *Bounds*: the last invalidations of `limits.cacheInvalidatedTags` tags are known; of a tag that was forgotten it says that it was invalidated, up to the
 * moment in which it was.
 */
export class InvalidationLog {
  /** Rises with each invalidation. */
  now = 0;
  /** By tag, in the order of their last invalidation. */
  readonly #last = new Map<string, number>();
  /** Everything up to here counts as invalidated. */
  #floor = 0;
  readonly #most: number;

  constructor(most: number = limits.cacheInvalidatedTags) {
    this.#most = most;
  }

  add(tags: readonly string[]): void {
    this.now++;
    for (const tag of tags) {
      if (tag === everything) this.#forgetAll();
      else this.#put(tag);
    }
  }

  /** Whether one of the tags was invalidated, or may have been, after that moment. */
  hasAny(tags: readonly string[], since: number): boolean {
    if (this.now === since) return false;
    return this.#floor > since || tags.some((tag) => (this.#last.get(tag) ?? 0) > since);
  }

  #put(tag: string): void {
    this.#last.delete(tag);
    this.#last.set(tag, this.now);
    if (this.#last.size <= this.#most) return;
    const [oldest] = this.#last;
    if (oldest === undefined) return;
    this.#floor = oldest[1];
    this.#last.delete(oldest[0]);
  }

  #forgetAll(): void {
    this.#floor = this.now;
    this.#last.clear();
  }
}
