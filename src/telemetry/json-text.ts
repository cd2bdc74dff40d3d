const fraction = Array.from({ length: 1_000 }, (_, i) => (i === 0 ? "" : `.${String(i).padStart(3, "0").replace(/0+$/, "")}`));
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

const kept = 8;

/** Writes wall times as RFC 3339; the texts of the last milliseconds are kept, for executions end close to each other. */
export class TimeText {
  readonly #times: number[] = new Array(kept).fill(Number.NaN);
  readonly #texts: string[] = new Array(kept).fill("");

  /** *Units*: milliseconds since the Unix epoch. */
  at(ms: number): string {
    const time = ms >= 0 && ms < 8.64e15 ? Math.floor(ms) : 0;
    const slot = time % kept;
    if (this.#times[slot] !== time) {
      this.#times[slot] = time;
      this.#texts[slot] = new Date(time).toISOString();
    }
    return this.#texts[slot]!;
  }
}
