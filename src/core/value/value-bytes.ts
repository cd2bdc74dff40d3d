/** What V8 takes for one object, one member of it, and one entry of a map, about. *Units*: bytes. */
const [object, member, entry] = [32, 16, 32] as const;

/**
 * Estimates the memory that a value takes, everything that it leads to included: an object that it leads to twice counts once.
 * *Units*: bytes; Infinity as soon as it is more than `most`, and where the value throws when it is read. What an object hides, as private fields, is not
 * counted. *Guarantees*: never throws; reads no more than `most` bytes of it.
 */
export function bytesOf(value: unknown, most: number): number {
  try {
    return new Estimate(most).of(value);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

class Estimate {
  readonly #most: number;
  readonly #seen = new Set<object>();
  /** A stack, since what is nested deeply must not end the one of the process. */
  readonly #left: unknown[] = [];
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  of(value: unknown): number {
    this.#left.push(value);
    while (this.#left.length > 0) {
      this.#count(this.#left.pop());
      if (this.#bytes > this.#most) return Number.POSITIVE_INFINITY;
    }
    return this.#bytes;
  }

  #count(value: unknown): void {
    if (typeof value === "string") this.#bytes += member + 2 * value.length;
    else if (typeof value === "bigint") this.#bytes += member + value.toString(16).length / 2;
    else if (typeof value === "object" && value !== null) this.#countObject(value);
    else this.#bytes += 8;
  }

  #countObject(value: object): void {
    if (this.#seen.has(value)) return;
    this.#seen.add(value);
    this.#bytes += object;
    if (ArrayBuffer.isView(value)) this.#bytes += value.byteLength;
    else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) this.#bytes += value.byteLength;
    else if (Array.isArray(value)) this.#add(value, value.length * 8);
    else if (value instanceof Map) this.#add([...value.keys(), ...value.values()], value.size * entry);
    else if (value instanceof Set) this.#add([...value], value.size * entry);
    else {
      const values = Object.values(value);
      this.#add(values, values.length * member);
    }
  }

  /** What takes so many bytes by itself leads to these. */
  #add(values: readonly unknown[], bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#most) for (const value of values) this.#left.push(value);
  }
}
