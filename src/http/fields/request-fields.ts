import { isEmptyWhenAbsent, itemsOf, textReader, textShapeOf } from "../../core/json/text-shape.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import { headerRepeated } from "../faults.ts";
import { readCookies } from "./cookie-text.ts";
import { headerNotAscii } from "./faults.ts";
import { listItems } from "./list-text.ts";

type Coerce = (text: string) => unknown;

interface HeaderField {
  readonly field: string;
  /** In small letters. */
  readonly header: string;
  readonly many: boolean;
  readonly emptyWhenAbsent: boolean;
  readonly coerce: Coerce;
}

interface CookieField {
  readonly field: string;
  readonly cookie: string;
  readonly coerce: Coerce;
}

/** The lines of a request that its operation reads, as they came. */
export interface PickedLines {
  /** By the index of the header; `Cookie` comes last. */
  readonly lines: readonly (readonly string[])[];
  /** What is kept of them while the request is under way. */
  readonly chars: number;
}

const none: readonly string[] = [];

/** The fields of an input that come from headers and cookies, and from nowhere else. */
export class RequestFields {
  readonly #headers: readonly HeaderField[];
  readonly #cookies: readonly CookieField[];
  readonly #cookieNames: ReadonlySet<string>;
  /** Names in small letters, and where each stands in {@link PickedLines}. */
  readonly #places: ReadonlyMap<string, number>;

  /** `document`: the JSON Schema of the whole input. */
  constructor(document: JsonSchema, { headers = {}, cookies = {} }: Pick<HttpSpec, "headers" | "cookies">) {
    const properties = (document.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
    const coercionOf = (schema: JsonSchema | undefined): Coerce => textReader(textShapeOf(schema, document));
    this.#headers = Object.entries(headers).map(([field, header]) => {
      const many = textShapeOf(properties[field], document).array;
      const coerce = coercionOf(many ? itemsOf(properties[field], document) : properties[field]);
      return { field, header: header.toLowerCase(), many, coerce, emptyWhenAbsent: many && isEmptyWhenAbsent(field, document) };
    });
    this.#cookies = Object.entries(cookies).map(([field, cookie]) => ({ field, cookie, coerce: coercionOf(properties[field]) }));
    this.#cookieNames = new Set(this.#cookies.map(({ cookie }) => cookie));
    const names = [...new Set(this.#headers.map(({ header }) => header)), ...(this.#cookies.length > 0 ? ["cookie"] : [])];
    this.#places = new Map(names.map((name, place) => [name, place]));
  }

  /** Takes the lines that are read out of *raw*, names and values in turn. */
  pick(raw: readonly string[]): PickedLines {
    const lines: string[][] = [];
    let chars = 0;
    for (let i = 0; i < raw.length; i += 2) {
      const place = this.#places.get((raw[i] as string).toLowerCase());
      if (place === undefined) continue;
      const value = raw[i + 1] as string;
      lines[place] ??= [];
      lines[place].push(value);
      chars += value.length;
    }
    return { lines, chars };
  }

  /**
   * Puts the fields into *input*, in place of what came for them from elsewhere.
   * *Faults thrown*: `header_repeated`, `header_not_ascii`, `cookies_too_many`.
   */
  bind(input: Record<string, unknown>, { lines }: PickedLines): void {
    for (const { field, header, many, coerce, emptyWhenAbsent } of this.#headers) {
      const values = lines[this.#places.get(header) as number] ?? none;
      if (values.length > 1 && !many) throw headerRepeated(header);
      for (const value of values) if (!isPrintable(value)) throw headerNotAscii(`The header ${header}`);
      if (many && (values.length > 0 || emptyWhenAbsent)) input[field] = values.flatMap(listItems).map(coerce);
      else if (values[0] !== undefined) input[field] = coerce(values[0]);
      else remove(input, field);
    }
    if (this.#cookies.length === 0) return;
    const cookies = readCookies(lines[this.#places.get("cookie") as number] ?? none, this.#cookieNames);
    for (const { field, cookie, coerce } of this.#cookies) {
      const value = cookies.get(cookie);
      if (value !== undefined) input[field] = coerce(value);
      else remove(input, field);
    }
  }
}

function remove(input: Record<string, unknown>, field: string): void {
  if (Object.hasOwn(input, field)) delete input[field];
}

function isPrintable(text: string): boolean {
  return /^[\t\x20-\x7e]*$/.test(text);
}
