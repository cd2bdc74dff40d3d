import type { Fault } from "plimsoll/ports";

// The toy's own format: a request is `<id> <WORD> [option=value …] [.field=text | .field:number …]`, a reply `<id> ok [again] .field=text …` or
// `<id> fault <code> <type> <message>`. Values are percent-encoded, so that a space ends one and a line break ends the line.

export type Fields = Readonly<Record<string, unknown>>;

export interface LineRequest {
  readonly id: string;
  readonly word: string;
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly fields: Record<string, unknown>;
}

/** Reads a line; undefined where it is none. */
export function readLine(line: string): LineRequest | undefined {
  const [id = "", word = "", ...parts] = line.split(" ");
  const options: Record<string, string> = Object.create(null);
  const fields: Record<string, unknown> = Object.create(null);
  for (const part of parts) {
    const found = /^(\.?)([A-Za-z]+)([=:])(\S*)$/.exec(part);
    if (found === null) return undefined;
    const [, dot, name = "", sign, value = ""] = found;
    try {
      if (dot === "") options[name] = decodeURIComponent(value);
      else fields[name] = sign === ":" ? Number(value) : decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return /^\d{1,9}$/.test(id) ? { id, word, options, fields } : undefined;
}

export function writeFields(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => (typeof value === "number" ? `.${name}:${value}` : `.${name}=${encodeURIComponent(String(value))}`))
    .join(" ");
}

/** What a bug says stays with us. */
export function writeFault({ code, type, message }: Fault): string {
  return code === "internal" ? "fault internal internal" : `fault ${code} ${type} ${encodeURIComponent(message)}`;
}

export function writeLine({ id, word, options, fields }: LineRequest): string {
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return [id, word, ...given, writeFields(fields)].join(" ");
}
