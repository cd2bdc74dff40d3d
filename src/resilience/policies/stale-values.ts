import { limits } from "../../core/limits.ts";
import { LoadLine } from "../../core/load-line/load-line.ts";
import { bytesOf } from "../../core/value/value-bytes.ts";

/** What makes {@link StaleValues}. */
export interface StaleValuesOptions {
  /** *Units*: bytes. */
  readonly most: number;
  /** How many bytes a value takes. *Default*: it is estimated. */
  readonly sizeOf: ((value: unknown) => number) | undefined;
  readonly phase: () => string;
}

/** The last good value of a key. */
export interface StaleValue {
  readonly value: unknown;
  /** *Units*: monotonic milliseconds. */
  readonly at: number;
  readonly bytes: number;
}

/** What a key and its entry take beside the value. */
const entryBytes = 128;

/**
 * The last good values of a fallback, by key.
 * *Guarantees*: they take at most `most` bytes together, and at most `limits.policyKeys` are kept; those set longest ago go first. A value that alone takes
 * more is not kept, and neither is the one before it.
 */
export class StaleValues {
  readonly line: LoadLine;
  readonly #options: StaleValuesOptions;
  readonly #values = new Map<string, StaleValue>();
  readonly #tooLarge;
  readonly #madeRoom;
  #bytes = 0;

  constructor(options: StaleValuesOptions) {
    this.#options = options;
    this.line = new LoadLine({
      ...{ name: "fallback", unit: "bytes of stale values", declared: options.most, now: () => this.#bytes, phase: options.phase },
      fixed: "Memory is bounded, whatever the load: give fallback other staleBytes.",
    });
    this.#tooLarge = this.line.reason("too_large");
    this.#madeRoom = this.line.reason("made_room");
  }

  find(key: string): StaleValue | undefined {
    return this.#values.get(key);
  }

  /** Keeps a value, and forgets as many others as it takes. */
  keep(key: string, value: unknown, at: number): void {
    const { most, sizeOf = (one: unknown) => bytesOf(one, most) } = this.#options;
    this.forget(key);
    const bytes = entryBytes + 2 * key.length + sizeOf(value);
    // Of a size that is no number nothing is known.
    if (!(bytes <= most)) return void this.line.refuses(this.#tooLarge);
    // A key that is set again moves to the end, so that the first one is the one that was set longest ago.
    this.#values.set(key, { value, at, bytes });
    this.#bytes += bytes;
    while (this.#bytes > most || this.#values.size > limits.policyKeys) {
      this.forget(this.#values.keys().next().value!);
      this.line.refuses(this.#madeRoom);
    }
    this.line.admits(this.#bytes);
  }

  forget(key: string): void {
    this.#bytes -= this.#values.get(key)?.bytes ?? 0;
    this.#values.delete(key);
  }
}
