import { Fault } from "../fault.ts";

/** What is expected next, in the words of the refusal. */
type Wanted = "a value" | "a value or ]" | "a key" | "a key or }" | "a colon" | "a comma or the end" | "the end of the text";

const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const colon = 0x3a;
const openArray = 0x5b;
const backslash = 0x5c;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/** The fault of a text that is refused. *Units*: UTF-16 units from the beginning. */
export function malformed(at: number, message: string): Fault {
  return new Fault({
    code: "invalid_argument",
    type: "malformed_json",
    message: `The JSON is refused at position ${at}: ${message}`,
    details: { position: at },
  });
}

/** Refuses a body whose arrays and objects are nested deeper than `limits.jsonDepth`. *Faults*: `malformed_json`. */
export function tooDeep(at: number, maxDepth: number): Fault {
  return malformed(at, `Arrays and objects are nested more than ${maxDepth} deep. Send a flatter structure.`);
}

/**
 * Reads a text strictly, in one pass, where `JSON.parse` cannot be relied on: its messages say no position and repeat what was sent, it keeps the last of two
 * equal keys, makes a number that is too large infinite, and in some versions of V8 it mistakes a key that is written with an escape for another with a backslash that it met before.
 * *Faults thrown*: `invalid_argument` of type `malformed_json`.
 */
export function readJson(text: string, maxDepth: number): unknown {
  return new Reader(text, maxDepth).read();
}

class Reader {
  readonly #text: string;
  readonly #maxDepth: number;
  /** Whether a string has to be looked at for halves of surrogate pairs although it has no escape. */
  readonly #mayBeLone: boolean;
  /** The next object is what another has under `constructor`. */
  #ofConstructor = false;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#mayBeLone = !text.isWellFormed();
  }

  read(): unknown {
    const value = this.#value(this.#skip(), 0, "a value");
    this.#skip();
    if (this.#at < this.#text.length) this.#refuse("the end of the text");
    return value;
  }

  /** The unit after the space that may stand here; NaN at the end. */
  #skip(): number {
    const text = this.#text;
    let at = this.#at;
    let unit = text.charCodeAt(at);
    while (unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09) unit = text.charCodeAt(++at);
    this.#at = at;
    return unit;
  }

  #refuse(wanted: Wanted, message = `The reader expects ${wanted} there. Fix the text, and send it again.`): never {
    const at = this.#at;
    throw malformed(at, at >= this.#text.length ? `The text ends, and the reader expects ${wanted}. Send the whole text.` : message);
  }

  #value(unit: number, depth: number, wanted: Wanted): unknown {
    switch (unit) {
      case quote:
        return this.#string();
      case openObject:
        return this.#object(depth + 1);
      case openArray:
        return this.#array(depth + 1);
      case 0x74:
        return this.#word("true", true, wanted);
      case 0x66:
        return this.#word("false", false, wanted);
      case 0x6e:
        return this.#word("null", null, wanted);
      default:
        return this.#number(unit, wanted);
    }
  }

  #word<T>(word: string, value: T, wanted: Wanted): T {
    if (!this.#text.startsWith(word, this.#at)) this.#refuse(wanted, noValue);
    this.#at += word.length;
    return value;
  }

  #number(first: number, wanted: Wanted): number {
    const text = this.#text;
    const start = this.#at;
    let at = first === minus ? start + 1 : start;
    if (text.charCodeAt(at) === zero) at++;
    else if (isDigit(text.charCodeAt(at))) at = digits(text, at);
    else this.#refuse(wanted, noValue);
    if (text.charCodeAt(at) === dot && isDigit(text.charCodeAt(at + 1))) at = digits(text, at + 1);
    if ((text.charCodeAt(at) | 0x20) === 0x65) {
      const sign = text.charCodeAt(at + 1);
      const exponent = sign === 0x2b || sign === minus ? at + 2 : at + 1;
      if (isDigit(text.charCodeAt(exponent))) at = digits(text, exponent);
    }
    this.#at = at;
    const value = Number(text.slice(start, at));
    if (!Number.isFinite(value)) throw malformed(start, tooLarge);
    return value;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let at = start + 1;
    let unit = text.charCodeAt(at);
    while (unit !== quote && unit !== backslash && unit >= 0x20) unit = text.charCodeAt(++at);
    if (unit === quote) {
      this.#at = at + 1;
      const value = text.slice(start + 1, at);
      if (this.#mayBeLone && !value.isWellFormed()) throw malformed(start, lone);
      return value;
    }
    return this.#escaped(at);
  }

  /** A string with an escape, the first of which stands here. */
  #escaped(first: number): string {
    const text = this.#text;
    const start = this.#at;
    let value = text.slice(start + 1, first);
    let at = first;
    for (;;) {
      let unit = text.charCodeAt(at);
      // Neither a control character nor the end of the text is part of a string.
      if (unit !== backslash && unit !== quote) throw malformed(start, notEnded);
      if (unit === quote) break;
      const letter = text[at + 1] ?? "";
      if (letter === "u") {
        const digits = text.slice(at + 2, at + 6);
        if (!fourDigits.test(digits)) throw malformed(start, notEnded);
        value += String.fromCharCode(Number.parseInt(digits, 16));
        at += 6;
      } else {
        const plain = escapes[letter];
        if (plain === undefined) throw malformed(start, notEnded);
        value += plain;
        at += 2;
      }
      const from = at;
      for (unit = text.charCodeAt(at); unit !== quote && unit !== backslash && unit >= 0x20; ) unit = text.charCodeAt(++at);
      if (at > from) value += text.slice(from, at);
    }
    this.#at = at + 1;
    if (!value.isWellFormed()) throw malformed(start, lone);
    return value;
  }

  #array(depth: number): unknown[] {
    this.#enter(depth);
    this.#ofConstructor = false;
    const items: unknown[] = [];
    let unit = this.#skip();
    if (unit === closeArray) {
      this.#at++;
      return items;
    }
    for (let wanted: Wanted = "a value or ]"; ; wanted = "a value") {
      items.push(this.#value(unit, depth, wanted));
      if (this.#ends(closeArray)) return items;
      unit = this.#skip();
    }
  }

  #object(depth: number): Record<string, unknown> {
    this.#enter(depth);
    const ofConstructor = this.#ofConstructor;
    this.#ofConstructor = false;
    const fields: Record<string, unknown> = {};
    let unit = this.#skip();
    if (unit === closeObject) {
      this.#at++;
      return fields;
    }
    for (let wanted: Wanted = "a key or }"; ; wanted = "a key") {
      if (unit !== quote) this.#refuse(wanted, "The reader expects a key in double quotes there. Fix the text, and send it again.");
      const at = this.#at;
      const key = this.#string();
      if (key === "__proto__" || (ofConstructor && key === "prototype"))
        throw malformed(at, `The key ${this.#shown(at)} is refused, because it can change what objects inherit. Leave it out.`);
      // Nothing in JSON is undefined; what is inherited is not its own.
      if (fields[key] !== undefined && Object.hasOwn(fields, key))
        throw malformed(at, `The key ${this.#shown(at)} is in one object twice. Leave one out.`);
      if (this.#skip() !== colon) this.#refuse("a colon");
      this.#at++;
      this.#ofConstructor = key === "constructor";
      fields[key] = this.#value(this.#skip(), depth, "a value");
      this.#ofConstructor = false;
      if (this.#ends(closeObject)) return fields;
      unit = this.#skip();
    }
  }

  #enter(depth: number): void {
    if (depth > this.#maxDepth) throw tooDeep(this.#at, this.#maxDepth);
    this.#at++;
  }

  /** Whether an array or object ends here; otherwise there is a comma, which is taken. */
  #ends(close: number): boolean {
    const unit = this.#skip();
    if (unit !== close && unit !== comma) this.#refuse("a comma or the end");
    this.#at++;
    return unit === close;
  }

  /** A key as it was sent, cut where it is long. It was just read. */
  #shown(start: number): string {
    const key = this.#text.slice(start, this.#at);
    return key.length > 64 ? `${key.slice(0, 64)}…` : key;
  }
}

const fourDigits = /^[\da-fA-F]{4}$/;
const escapes: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  ...{ '"': '"', "\\": "\\", "/": "/" },
  ...{ b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" },
});

function isDigit(unit: number): boolean {
  return unit >= zero && unit <= 0x39;
}

/** Where the digits end that begin here. */
function digits(text: string, from: number): number {
  let at = from + 1;
  while (isDigit(text.charCodeAt(at))) at++;
  return at;
}

const noValue = "The reader expects a JSON value there. Fix the text, and send it again.";
const notEnded = "A string has no closing quote, or has characters that JSON requires to be escaped. Fix the string.";
const tooLarge =
  "A number is larger than 1.8e308, which is the most that a number here can be. Send a smaller one, or its digits as a string.";
const lone = "A string has half of a surrogate pair. Send whole characters.";
