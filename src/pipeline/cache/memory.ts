import { everything } from "../../operation/cache/port.ts";
import type { CacheEntry } from "./entry.ts";

/** What an entry takes beside its texts. */
const overheadBytes = 512;
/** What each of its tags takes beside its text. */
const tagBytes = 128;

interface Kept {
  readonly key: string;
  readonly entry: CacheEntry;
  readonly bytes: number;
}

/** What {@link CacheMemory} is bounded by. *Units*: bytes, two for each character. */
export interface CacheMemoryBounds {
  readonly bytes: number;
  readonly entryBytes: number;
}

/**
 * The values of all operations in one process, by key.
 * *Bounds*: all together take at most `bytes`; a value of more than `entryBytes` is not kept; the one that was not used for the longest goes first.
 */
export class CacheMemory {
  /** What is kept now. */
  bytes = 0;
  /** Values that were kept, were too large, or went to make room. */
  kept = 0;
  tooLarge = 0;
  evicted = 0;
  readonly #bounds: CacheMemoryBounds;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Kept>();
  readonly #byTag = new Map<string, Set<Kept>>();

  constructor(bounds: CacheMemoryBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Finds a value, and counts it as used. */
  get(key: string): CacheEntry | undefined {
    const kept = this.#entries.get(key);
    if (kept === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, kept);
    return kept.entry;
  }

  set(key: string, entry: CacheEntry): void {
    this.delete(key);
    const kept: Kept = { key, entry, bytes: bytesOf(key, entry) };
    const { bytes, entryBytes } = this.#bounds;
    if (kept.bytes > Math.min(bytes, entryBytes)) return void this.tooLarge++;
    this.kept++;
    this.bytes += kept.bytes;
    this.#entries.set(key, kept);
    for (const tag of entry.tags) this.#tagged(tag).add(kept);
    for (const oldest of this.#entries.values()) {
      if (this.bytes <= bytes) return;
      this.#drop(oldest);
      this.evicted++;
    }
  }

  delete(key: string): void {
    const kept = this.#entries.get(key);
    if (kept !== undefined) this.#drop(kept);
  }

  /** Drops every value that has one of the tags. */
  invalidate(tags: readonly string[]): void {
    for (const tag of tags) {
      if (tag === everything) return this.clear();
      for (const kept of this.#byTag.get(tag) ?? []) this.#drop(kept);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#byTag.clear();
    this.bytes = 0;
  }

  #tagged(tag: string): Set<Kept> {
    let tagged = this.#byTag.get(tag);
    if (tagged === undefined) {
      tagged = new Set();
      this.#byTag.set(tag, tagged);
    }
    return tagged;
  }

  #drop(kept: Kept): void {
    this.#entries.delete(kept.key);
    this.bytes -= kept.bytes;
    for (const tag of kept.entry.tags) {
      const tagged = this.#byTag.get(tag);
      tagged?.delete(kept);
      if (tagged?.size === 0) this.#byTag.delete(tag);
    }
  }
}

/** What a value takes at the most: an engine may need two bytes for a character. */
function bytesOf(key: string, { json, head, tags }: CacheEntry): number {
  const headChars = head === undefined ? 0 : JSON.stringify(head).length;
  const chars = json.length + key.length + headChars + tags.reduce((sum, tag) => sum + tag.length, 0);
  return 2 * chars + overheadBytes + tagBytes * tags.length;
}
