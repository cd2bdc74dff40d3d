const plain = /^[ !#-[\]-~]*$/;

/** Writes any string as JSON, in printable ASCII without a line break where it matters to a reader of lines. */
export function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : escapeLineBreaks(JSON.stringify(text));
}

// JSON allows these unescaped, but some readers of lines break at them.
const lineBreaks = /[\u007f-\u009f\u2028\u2029]/g;

/** Escapes what JSON allows unescaped inside strings but some readers take for the end of a line. */
export function escapeLineBreaks(json: string): string {
  return json.replace(lineBreaks, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Writes a number as JSON; what JSON has no word for is `null`. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : "null";
}

/** Writes milliseconds with at most three decimals. */
export function millisText(ms: number): string {
  return numberText(Math.abs(ms) < 1e9 ? Math.round(ms * 1_000) / 1_000 : ms);
}

const loopBytes = 24;

/**
 * Lines of JSON as bytes, one after the other, ready to be written: strings that are put together piece by piece cost twice, when they are joined
 * and when they are made flat.
 */
export class LineBytes {
  bytes: Buffer;
  /** Where the next byte goes. */
  end = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Adds a piece that was encoded once. */
  piece(piece: Uint8Array): void {
    this.#makeRoom(piece.length);
    const { bytes, end } = this;
    const { length } = piece;
    if (length > loopBytes) bytes.set(piece, end);
    else for (let i = 0; i < length; i++) bytes[end + i] = piece[i]!;
    this.end = end + length;
  }

  /** Adds what stands between the quotes of a JSON string. */
  text(text: string): void {
    this.#makeRoom(text.length);
    const { bytes, end } = this;
    const length = text.length;
    for (let i = 0; i < length; i++) {
      const charCode = text.charCodeAt(i);
      if (charCode < 32 || charCode > 126 || charCode === 34 || charCode === 92) {
        this.json(quote(text).slice(1, -1));
        return;
      }
      bytes[end + i] = charCode;
    }
    this.end = end + length;
  }

  /** Adds JSON that is written already. */
  json(json: string): void {
    if (json === "") return;
    this.#makeRoom(json.length * 3);
    this.end += this.bytes.write(json, this.end);
  }

  /** Adds milliseconds with at most three decimals. */
  millis(ms: number): void {
    if (!(ms >= 0 && ms < 2e6)) {
      this.json(millisText(ms));
      return;
    }
    this.#makeRoom(16);
    const micros = Math.round(ms * 1_000);
    const full = Math.floor(micros / 1_000);
    this.integer(full);
    const thousandths = micros - full * 1_000;
    if (thousandths === 0) return;
    const { bytes, end } = this;
    const tenths = (thousandths / 100) | 0;
    const hundredths = ((thousandths / 10) | 0) - tenths * 10;
    bytes[end] = 46;
    bytes[end + 1] = 48 + tenths;
    bytes[end + 2] = 48 + hundredths;
    bytes[end + 3] = 48 + thousandths - tenths * 100 - hundredths * 10;
    this.end = end + 4;
  }

  /** Adds a number that is most often a small integer. */
  integer(value: number): void {
    if (!(value >= 0 && value < 1e9 && (value | 0) === value)) {
      this.json(numberText(value));
      return;
    }
    this.#makeRoom(10);
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits++;
    let at = this.end + digits;
    this.end = at;
    let rest = value;
    for (; digits > 0; digits--) {
      const shorter = (rest / 10) | 0;
      this.bytes[--at] = 48 + rest - shorter * 10;
      rest = shorter;
    }
  }

  #makeRoom(size: number): void {
    if (this.end + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.end + size) * 2);
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }
}

/** Encodes a piece that is used again and again. */
export function encode(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}
