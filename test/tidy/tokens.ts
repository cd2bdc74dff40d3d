/** A piece of TypeScript that means something; what is inside of strings, templates and expressions in slashes is never taken for code. */
export interface Token {
  readonly kind: "word" | "mark" | "string" | "template" | "regex" | "number";
  /** As written; of a string, what is between its quotes. */
  readonly text: string;
  readonly line: number;
}

export interface Comment {
  readonly text: string;
  /** The line on which it ends. */
  readonly line: number;
}

export interface Tokens {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

const space = /\s+/y;
const lineComment = /\/\/[^\n]*/y;
const blockComment = /\/\*[\s\S]*?\*\//y;
const string = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const regex = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const number = /(?:0[xob][\da-f_]+|\d[\d_]*\.?[\d_]*(?:e[+-]?\d+)?)n?/iy;
const word = /[#\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
// Those that this reader looks for as a whole; every other mark is one character, so that ">>" closes two type lists.
const mark = /=>|\.\.\.|\?\.|===?|!==?|<=|>=|&&|\|\||\?\?|\+\+|--|[\s\S]/uy;
const templateText = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

const beforeRegex = new Set("return typeof case in of delete void throw new else do instanceof yield await".split(" "));

/** Cuts TypeScript into tokens and comments. It reads what compiles; of what does not, it reads on as well as it can. */
export function tokenize(text: string): Tokens {
  return new Tokenizer(text).run();
}

class Tokenizer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  readonly #comments: Comment[] = [];
  /** For each open brace, whether it is the "${" of a template. */
  readonly #braces: boolean[] = [];
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Tokens {
    // A first line for the shell.
    this.#take(/#![^\n]*/y);
    while (this.#at < this.#text.length) this.#next();
    return { tokens: this.#tokens, comments: this.#comments };
  }

  #next(): void {
    if (this.#take(space)) return;
    const comment = this.#take(lineComment) ?? this.#take(blockComment);
    if (comment !== undefined) {
      this.#comments.push({ text: comment, line: this.#line });
      return;
    }
    const line = this.#line;
    const add = (kind: Token["kind"], found: string | undefined) => {
      if (found !== undefined) this.#tokens.push({ kind, text: kind === "string" ? found.slice(1, -1) : found, line });
      return found !== undefined;
    };
    if (this.#text[this.#at] === "`") {
      this.#at++;
      this.#template();
      return;
    }
    if (add("string", this.#take(string)) || add("number", this.#take(number)) || add("word", this.#take(word))) return;
    if (this.#text[this.#at] === "/" && this.#regexMayStart() && add("regex", this.#take(regex))) return;
    const found = this.#take(mark) ?? "";
    if (found === "{") this.#braces.push(false);
    add("mark", found);
    if (found === "}" && this.#braces.pop()) this.#template();
  }

  /** Reads the text of a template up to its end or its next expression, whose tokens then follow as code between braces. */
  #template(): void {
    const line = this.#line;
    this.#tokens.push({ kind: "template", text: this.#take(templateText) ?? "", line });
    if (this.#text[this.#at] === "$") {
      this.#at += 2;
      this.#braces.push(true);
      this.#tokens.push({ kind: "mark", text: "{", line: this.#line });
    } else this.#at++;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (!found) return undefined;
    this.#at += found.length;
    for (const character of found) if (character === "\n") this.#line++;
    return found;
  }

  /** A slash divides after a value and opens an expression everywhere else. */
  #regexMayStart(): boolean {
    const last = this.#tokens.at(-1);
    if (!last) return true;
    if (last.kind === "word") return beforeRegex.has(last.text) && this.#tokens.at(-2)?.text !== ".";
    if (last.kind !== "mark") return false;
    if (last.text !== "!") return ![")", "]", "}", "++", "--"].includes(last.text);
    // "a! / b" divides, "!/x/.test(a)" does not.
    const before = this.#tokens.at(-2);
    return !(before && (before.kind === "word" ? !beforeRegex.has(before.text) : [")", "]"].includes(before.text)));
  }
}
