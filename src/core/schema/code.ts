/** Collects the source of functions and the values that they use, and makes them. Only what this folder writes gets into the source: names are quoted, values are handed in. */
export class Code {
  readonly #functions: string[] = [];
  readonly #values: unknown[] = [];
  readonly #named = new Map<object, Map<string, string>>();
  #names = 0;

  /** A name that is not used yet. */
  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  /** The name by which code reaches a value. */
  value(value: unknown): string {
    this.#values.push(value);
    return `k${this.#values.length - 1}`;
  }

  /** The name of the function that does `what` for `of`; it is written once, and the name is known while it is being written. */
  function(of: object, what: string, write: () => string): string {
    const known = this.#named.get(of) ?? new Map<string, string>();
    this.#named.set(of, known);
    const before = known.get(what);
    if (before !== undefined) return before;
    const name = this.name("f");
    known.set(what, name);
    this.#functions.push(`function ${name}(input) {\n${write()}\n}`);
    return name;
  }

  /** Makes the functions and gives the named one; undefined where the process may not make code from strings. */
  make<F>(name: string): F | undefined {
    const names = this.#values.map((_, index) => `k${index}`);
    const source = `"use strict";\n${this.#functions.join("\n")}\nreturn ${name};`;
    try {
      return new Function(...names, source)(...this.#values) as F;
    } catch (error) {
      if (error instanceof EvalError) return undefined;
      throw error;
    }
  }
}

/** A text as source. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
