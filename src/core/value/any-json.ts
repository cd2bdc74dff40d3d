import { attempt, isError, messageOf, unreadableValue } from "./thrown.ts";

/** How {@link anyJson} writes. */
export interface AnyJsonOptions {
  /** Characters of JSON that may be written; beyond them it gives up. */
  readonly room: number;
  /** Whether the value under a key is hidden, at any depth. */
  readonly hides?: (key: string) => boolean;
}

const depth = 32;
const hidden = '"[redacted]"';

/**
 * Writes any JavaScript value as JSON: what JSON has no word for, or what throws when it is read, is replaced by a word. Undefined where
 * JSON leaves a value out (undefined, a function, a symbol), and `tooLong` where it finds no room.
 * *Bounds*: `room` characters, 32 levels; what a getter, a `toJSON` or a trap of a Proxy does of its own has none. *Guarantees*: never throws.
 */
export function anyJson(value: unknown, options: AnyJsonOptions): string | typeof tooLong | undefined {
  const writer = new AnyJson(options);
  const text = writer.write(value, "");
  return writer.isFull ? tooLong : text;
}

/** Written instead of a text that found no room. */
export const tooLong: unique symbol = Symbol("too long");

class AnyJson {
  readonly #hides: (key: string) => boolean;
  readonly #above: unknown[] = [];
  #room: number;

  constructor({ room, hides = () => false }: AnyJsonOptions) {
    this.#room = room;
    this.#hides = hides;
  }

  get isFull(): boolean {
    return this.#room < 0;
  }

  write(value: unknown, key: string): string | undefined {
    const text = this.#textOf(value, key);
    this.#room -= text?.length ?? 0;
    return text;
  }

  #textOf(value: unknown, key: string): string | undefined {
    switch (typeof value) {
      case "string":
        return JSON.stringify(value.slice(0, Math.max(0, this.#room) + 1));
      case "number":
        return Number.isFinite(value) ? String(value) : "null";
      case "boolean":
        return String(value);
      case "bigint":
        // Writing the digits of a huge bigint takes long and helps no reader.
        return JSON.stringify(value > -(2n ** 256n) && value < 2n ** 256n ? value.toString() : "[a huge number]");
      case "object":
        return value === null ? "null" : this.#objectText(value, key);
      default:
        return undefined;
    }
  }

  #objectText(value: object, key: string): string | undefined {
    if (this.#above.includes(value)) return '"[circular]"';
    if (this.#above.length >= depth) return '"[too deep]"';
    this.#above.push(value);
    try {
      return this.#readable(value, key);
    } catch {
      return JSON.stringify(unreadableValue);
    } finally {
      this.#above.pop();
    }
  }

  #readable(value: object, key: string): string | undefined {
    if (ArrayBuffer.isView(value)) return JSON.stringify(`[${value.byteLength} bytes]`);
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === "function") {
      const json: unknown = toJSON.call(value, key);
      return json === value ? this.#members(value) : this.#textOf(json, key);
    }
    if (isError(value))
      return this.#pairs([
        ["name", attempt(() => String(value.name))],
        ["message", messageOf(value)],
      ]);
    if (value instanceof Number || value instanceof String || value instanceof Boolean) return this.#textOf(value.valueOf(), key);
    return this.#members(value);
  }

  #members(value: object): string {
    return Array.isArray(value) ? this.#items(value) : this.#pairs(readEach(value));
  }

  #items(items: readonly unknown[]): string {
    let text = "";
    for (let i = 0; i < items.length && !this.isFull; i++) {
      this.#room -= 1;
      const item = attempt(() => ({ value: items[i] })) ?? { value: unreadableValue };
      text += `${i === 0 ? "" : ","}${this.write(item.value, String(i)) ?? "null"}`;
    }
    return `[${text}]`;
  }

  #pairs(pairs: Iterable<readonly [string, unknown]>): string {
    let text = "";
    for (const [key, value] of pairs) {
      if (this.isFull) break;
      const written = this.#hides(key) ? hidden : this.write(value, key);
      if (written === undefined) continue;
      const name = JSON.stringify(key.slice(0, Math.max(0, this.#room) + 1));
      this.#room -= name.length + 2;
      text += `${text === "" ? "" : ","}${name}:${written}`;
    }
    return `{${text}}`;
  }
}

/** One after the other: what comes after the room has ended is not read. */
function* readEach(value: object): Iterable<readonly [string, unknown]> {
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    const read = attempt(() => ({ value: (value as Record<string, unknown>)[key] }));
    yield [key, read === undefined ? unreadableValue : read.value];
  }
}
