import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { LedgerLine } from "./wire.ts";

type Booked = Pick<LedgerLine, "line_type" | "merchant_ref" | "amount_minor" | "currency_code" | "idempotency_key">;

/** Lines that the books hold; more are refused. */
const mostLines = 100_000;

/**
 * The books of the provider: a file to which each line is appended, and is on disk before any reply says so. A test reads it with {@link readBooks}.
 * *Bounds*: 100,000 lines, which are also in memory.
 */
export class Books {
  readonly #file: number;
  readonly #lines: LedgerLine[];
  /** Where the next line begins. *Units*: bytes. */
  #end: number;
  readonly #byKey = new Map<string, LedgerLine>();
  readonly #byReference = new Map<string, LedgerLine[]>();

  constructor(path: string) {
    this.#lines = existsSync(path) ? [...readBooks(path)] : [];
    for (const line of this.#lines) this.#index(line);
    this.#file = openSync(path, existsSync(path) ? "r+" : "w+", 0o600);
    // What a crash has left of a line was never confirmed.
    this.#end = Buffer.byteLength(this.#lines.map(textOf).join(""));
    ftruncateSync(this.#file, this.#end);
  }

  get isFull(): boolean {
    return this.#lines.length >= mostLines;
  }

  /** The line that was booked with this key for this kind of request. */
  booked(type: LedgerLine["line_type"], key: string): LedgerLine | undefined {
    return this.#byKey.get(`${type} ${key}`);
  }

  /** What is booked of a reference: what was taken and not returned, and whether it was reversed. */
  standing(reference: string): { readonly leftMinor: number; readonly currency: string; readonly isReversed: boolean } {
    const lines = this.#byReference.get(reference) ?? [];
    const leftMinor = lines.reduce((sum, { line_type, amount_minor }) => sum + (line_type === "capture" ? amount_minor : -amount_minor), 0);
    return { leftMinor, currency: lines[0]?.currency_code ?? "", isReversed: lines.some(({ line_type }) => line_type === "reversal") };
  }

  append(booked: Booked): LedgerLine {
    const line = { seq_no: this.#lines.length + 1, ...booked, booked_at: new Date().toISOString() };
    const bytes = Buffer.from(textOf(line));
    writeSync(this.#file, bytes, 0, bytes.length, this.#end);
    fdatasyncSync(this.#file);
    this.#end += bytes.length;
    this.#lines.push(line);
    this.#index(line);
    return line;
  }

  /** A page of the lines whose reference begins so. */
  page({ prefix, after, size }: { readonly prefix: string; readonly after: number; readonly size: number }) {
    const found: LedgerLine[] = [];
    for (let index = after; index < this.#lines.length && found.length <= size; index++) {
      const line = this.#lines[index] as LedgerLine;
      if (line.merchant_ref.startsWith(prefix)) found.push(line);
    }
    return { ledger_lines: found.slice(0, size), has_more: found.length > size };
  }

  close(): void {
    closeSync(this.#file);
  }

  #index(line: LedgerLine): void {
    this.#byKey.set(`${line.line_type} ${line.idempotency_key}`, line);
    const lines = this.#byReference.get(line.merchant_ref);
    if (lines === undefined) this.#byReference.set(line.merchant_ref, [line]);
    else lines.push(line);
  }
}

/** Reads books that a provider wrote, also while it runs: its whole lines. */
export function readBooks(path: string): readonly LedgerLine[] {
  const text = readFileSync(path, "utf8");
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.flatMap((line) => (line === "" ? [] : LedgerLine.parse(JSON.parse(line))));
}

function textOf(line: LedgerLine): string {
  return `${JSON.stringify(line)}\n`;
}
