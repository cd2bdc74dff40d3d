const digits3 = Array.from({ length: 1_000 }, (_, i) => String(i).padStart(3, "0"));
const fraction = digits3.map((digits, i) => (i === 0 ? "" : `.${digits.replace(/0+$/, "")}`));
const whole = Array.from({ length: 1_000 }, (_, i) => String(i));
/** Every count of microseconds below 10 ms, written as milliseconds: most of what is ever measured. */
const short = Array.from({ length: 10_000 }, (_, i) => `${Math.floor(i / 1_000)}${fraction[i % 1_000]}`);

const plain = /^[ !#-[\]-~]*$/;

/** Writes any string as JSON, in printable ASCII without a line break where it matters to a reader of lines. */
export function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : escapeLineBreaks(JSON.stringify(text));
}

/** The same without the quotes, for text that already stands between them. */
export function escapeText(text: string): string {
  return plain.test(text) ? text : quote(text).slice(1, -1);
}

/** Copies a string that was put together into one piece of memory; for pieces that are used again and again. */
export function flat(text: string): string {
  return Buffer.from(text).toString();
}

// JSON allows these unescaped, but some readers of lines break at them.
const lineBreaks = /[\u007f-\u009f\u2028\u2029]/g;

/** Escapes what JSON allows unescaped inside strings but some readers take for the end of a line. */
export function escapeLineBreaks(json: string): string {
  return json.replace(lineBreaks, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Writes a number as JSON; what JSON has no word for is `null`. */
export function numberText(value: number): string {
  if (value >= 0 && value < 1_000 && Number.isInteger(value)) return whole[value]!;
  return Number.isFinite(value) ? String(value) : "null";
}

/** Writes milliseconds with at most three decimals: cheaper than the shortest form of any double, and precise enough. */
export function millisText(ms: number): string {
  if (!(ms >= 0 && ms < 1e9)) return numberText(ms);
  const micros = Math.round(ms * 1_000);
  if (micros < 10_000) return short[micros]!;
  const full = Math.floor(micros / 1_000);
  return (full < 1_000 ? whole[full]! : String(full)) + fraction[micros - full * 1_000]!;
}

/** Writes wall times as RFC 3339; what the last one had in common is kept from one call to the next. */
export class TimeText {
  #time = Number.NaN;
  #text = "";
  #second = Number.NaN;
  #prefix = "";

  /** *Units*: milliseconds since the Unix epoch. */
  at(ms: number): string {
    const time = ms >= 0 && ms < 8.64e15 ? Math.floor(ms) : 0;
    if (time === this.#time) return this.#text;
    const second = Math.floor(time / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = new Date(second * 1_000).toISOString().slice(0, -4);
    }
    this.#time = time;
    this.#text = flat(`${this.#prefix}${digits3[time - second * 1_000]!}Z`);
    return this.#text;
  }
}
