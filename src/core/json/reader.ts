/** What is wrong with a text, and where. *Units*: UTF-16 units from the beginning. */
export interface JsonProblem {
  readonly at: number;
  readonly message: string;
}

/** One array or object that is open. */
type Open =
  | { readonly kind: "array"; readonly value: unknown[] }
  | { readonly kind: "object"; readonly value: Record<string, unknown>; readonly keys: Set<string>; key: string };

const space = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none of them in a string.
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

type Wanted = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or end" | "nothing more";

/** What a text says, or the first thing for which it is refused. */
export type JsonReading =
  | { readonly value: unknown; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: JsonProblem };

/**
 * Reads a text slowly and strictly, where `JSON.parse` cannot be relied on: its messages say no position and repeat what was sent, it keeps the last of two equal keys,
 * and in some versions of V8 it mistakes a key that is written with an escape for another with a backslash that it met before.
 */
export function readJson(text: string, maxDepth: number): JsonReading {
  return new Reader(text, maxDepth).read();
}

class Reader {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #open: Open[] = [];
  #root: unknown;
  #at = 0;
  #wanted: Wanted = "value";

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  read(): JsonReading {
    for (;;) {
      this.#take(space);
      const { length } = this.#text;
      if (this.#at >= length && this.#wanted === "nothing more") return { value: this.#root };
      const at = this.#at;
      const message = at >= length ? `The text ends where ${this.#wanted} should follow.` : this.#step(this.#text[at]!);
      if (message !== undefined) return { problem: { at, message } };
    }
  }

  #step(char: string): string | undefined {
    const top = this.#open.at(-1);
    const wanted = this.#wanted;
    if ((char === "]" && wanted === "value or ]") || (char === "}" && wanted === "key or }")) return this.#close();
    if (wanted === "comma or end" && char === (top?.kind === "array" ? "]" : "}")) return this.#close();
    if (wanted === "comma or end" && char === ",") return this.#next(top?.kind === "array" ? "value" : "key");
    if (wanted === "colon" && char === ":") return this.#next("value");
    if (top?.kind === "object" && (wanted === "key" || wanted === "key or }")) return this.#key(top);
    if (wanted !== "value" && wanted !== "value or ]") return `There is something else where ${wanted} should follow.`;
    if (char === "{" || char === "[") return this.#enter(char);
    const taken = this.#take(char === '"' ? string : scalar);
    if (taken === undefined)
      return char === '"' ? "A string is not ended, or has characters that JSON escapes." : "There is no JSON value here.";
    const value: unknown = JSON.parse(taken);
    if (typeof value === "string" && !value.isWellFormed()) return lone;
    this.#put(value);
    return this.#ended();
  }

  #key(top: Open & { readonly kind: "object" }): string | undefined {
    const taken = this.#take(string);
    if (taken === undefined) return "There is no key in double quotes here.";
    const key = JSON.parse(taken) as string;
    if (!key.isWellFormed()) return lone;
    const outer = this.#open.at(-2);
    if (key === "__proto__" || (key === "prototype" && outer?.kind === "object" && outer.key === "constructor"))
      return `The key ${shown(taken)} is refused, for it can change what objects inherit. Leave it out.`;
    if (top.keys.has(key)) return `The key ${shown(taken)} stands twice in one object. Leave one out.`;
    top.keys.add(key);
    top.key = key;
    this.#wanted = "colon";
    return undefined;
  }

  #enter(char: string): string | undefined {
    if (this.#open.length === this.#maxDepth)
      return `Arrays and objects stand more than ${this.#maxDepth} deep in each other. Send it flatter.`;
    const open: Open = char === "{" ? { kind: "object", value: {}, keys: new Set(), key: "" } : { kind: "array", value: [] };
    this.#put(open.value);
    this.#open.push(open);
    return this.#next(char === "{" ? "key or }" : "value or ]");
  }

  #put(value: unknown): void {
    const top = this.#open.at(-1);
    if (top === undefined) this.#root = value;
    else if (top.kind === "array") top.value.push(value);
    else top.value[top.key] = value;
  }

  #close(): undefined {
    this.#open.pop();
    this.#at += 1;
    return this.#ended();
  }

  #next(wanted: Wanted): undefined {
    this.#at += 1;
    this.#wanted = wanted;
  }

  #ended(): undefined {
    this.#wanted = this.#open.length === 0 ? "nothing more" : "comma or end";
  }

  /** What a pattern finds here, after which the reading goes on. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#text)?.[0];
    this.#at += taken?.length ?? 0;
    return taken;
  }
}

const lone = "A string has half of a surrogate pair. Send whole characters.";

function shown(key: string): string {
  return key.length > 64 ? `${key.slice(0, 64)}…` : key;
}
