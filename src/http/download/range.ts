/** A part of some bytes; `end` is behind its last one. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const one = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i;

/**
 * Returns the part that a `Range` header asks for, `unsatisfiable` where there is no such part, or undefined where all is to be sent: for several ranges at once,
 * other units, and what cannot be read. *Source*: RFC 9110 §14.1.2, §14.2.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = one.exec(header ?? "") ?? [];
  if (first === "") {
    if (last === "") return undefined;
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= size) return "unsatisfiable";
  return { start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}
