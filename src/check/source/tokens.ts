/** The tokens of a TypeScript file, as parallel lists: a project has millions of them. What is inside of strings, templates and regular expressions is never code. */
export interface Tokens {
  readonly kinds: readonly TokenKind[];
  /** As written; of a string, what is between its quotes. */
  readonly texts: readonly string[];
  readonly lines: readonly number[];
  /** Of a bracket, the index of its partner. */
  readonly mates: readonly (number | undefined)[];
}

/** What a token is. `end`: the last token, which is nothing. */
export type TokenKind = "word" | "mark" | "string" | "template" | "other" | "end";

const space = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))+/y;
const string = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const regex = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const number = /(?:0[xob][\da-f_]+|\d[\d_]*\.?[\d_]*(?:e[+-]?\d+)?)n?/iy;
const word = /[#\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const mark = /=>|\.\.\.|\?\.(?!\d)|===?|!==?|<=|>=|&&=?|\|\|=?|\?\?=?|\+\+|--|[-+*/%&|^]=|[\s\S]/uy;
const templateText = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;
const shebang = /#![^\n]*/y;

/** By the codes of characters: what begins a word, and marks that are one character whatever follows. */
const letters = new Uint8Array(128);
for (const letter of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$_#") letters[letter.charCodeAt(0)] = 1;
const single = new Uint8Array(128);
for (const letter of "(){}[],;:@~") single[letter.charCodeAt(0)] = 1;

const beforeRegex = new Set("return typeof case in of delete void throw new else do instanceof yield await".split(" "));
const closing: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** Cuts TypeScript into tokens. It reads what compiles; of what does not, it reads as much as it can. */
export function tokenize(text: string): Tokens {
  return new Tokenizer(text).run();
}

class Tokenizer {
  readonly #text: string;
  readonly #kinds: TokenKind[] = [];
  readonly #texts: string[] = [];
  readonly #lines: number[] = [];
  readonly #mates: (number | undefined)[] = [];
  /** Open brackets, and whether each is the "${" of a template. */
  readonly #open: { readonly at: number; readonly text: string; readonly isTemplate: boolean }[] = [];
  #at = 0;
  #line = 1;
  #newline: number;

  constructor(text: string) {
    this.#text = text;
    this.#newline = this.#newlineFrom(0);
  }

  run(): Tokens {
    this.#take(shebang);
    while (this.#at < this.#text.length) this.#next();
    this.#add("end", "");
    return { kinds: this.#kinds, texts: this.#texts, lines: this.#lines, mates: this.#mates };
  }

  #next(): void {
    const first = this.#text.charCodeAt(this.#at);
    if (first === 0x20 || first === 0x0a) {
      this.#at++;
      return;
    }
    const isComment = first === 0x2f && /[/*]/.test(this.#text[this.#at + 1] ?? "");
    if ((first < 0x20 || first > 0x7f || isComment) && this.#take(space) !== undefined) return;
    if (first === 0x60) {
      this.#at++;
      return this.#template();
    }
    const found = first === 0x22 || first === 0x27 ? this.#take(string) : undefined;
    if (found !== undefined) return this.#add("string", found.slice(1, -1));
    if (first >= 0x30 && first <= 0x39) return this.#add("other", this.#take(number) ?? this.#take(mark)!);
    const name = letters[first] === 1 || first > 0x7f ? this.#take(word) : undefined;
    if (name !== undefined) return this.#add("word", name);
    if (single[first] === 1) return this.#mark(this.#text[this.#at++]!);
    if (first === 0x2f && this.#regexMayStart()) {
      const expression = this.#take(regex);
      if (expression !== undefined) return this.#add("other", expression);
    }
    this.#mark(this.#take(mark)!);
  }

  #mark(text: string): void {
    if (text === "(" || text === "[" || text === "{") this.#open.push({ at: this.#texts.length, text, isTemplate: false });
    const opens = closing[text];
    if (opens === undefined) return this.#add("mark", text);
    const last = this.#open.at(-1)?.text === opens ? this.#open.pop()! : undefined;
    if (last !== undefined) this.#mates[last.at] = this.#texts.length;
    this.#add("mark", text, last?.at);
    if (last?.isTemplate) this.#template();
  }

  /** Reads the text of a template up to its end or its next expression, whose tokens then follow as code between braces. */
  #template(): void {
    this.#add("template", this.#take(templateText) ?? "");
    if (this.#text[this.#at] === "$") {
      this.#at += 2;
      this.#open.push({ at: this.#texts.length, text: "{", isTemplate: true });
      this.#add("mark", "{");
    } else this.#at++;
  }

  #add(kind: TokenKind, text: string, mate?: number): void {
    this.#kinds.push(kind);
    this.#texts.push(text);
    this.#mates.push(mate);
    // A template may have many lines; its token is on the first.
    const end = this.#at - text.length;
    while (this.#newline < end) {
      this.#line++;
      this.#newline = this.#newlineFrom(this.#newline + 1);
    }
    this.#lines.push(this.#line);
  }

  #newlineFrom(at: number): number {
    const next = this.#text.indexOf("\n", at);
    return next < 0 ? Number.POSITIVE_INFINITY : next;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (!found) return undefined;
    this.#at += found.length;
    return found;
  }

  /** A slash divides after a value and opens an expression everywhere else. */
  #regexMayStart(): boolean {
    const last = this.#texts.length - 1;
    const kind = this.#kinds[last];
    if (kind === undefined) return true;
    const text = this.#texts[last]!;
    if (kind === "word") return beforeRegex.has(text) && this.#texts[last - 1] !== ".";
    return kind === "mark" && ![")", "]", "}", "++", "--"].includes(text);
  }
}
