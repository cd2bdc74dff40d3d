import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { serialize } from "../../core/schema.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import type { CookieSpec } from "../../operation/online/http-head.ts";
import { type CookieWriter, cookieWriter } from "./set-cookie.ts";

/** The fields of an output that HTTP sends as headers and cookies, and not in the body. */
export class ReplyFields {
  /** The names of the fields. */
  readonly names: ReadonlySet<string>;
  readonly #operation: string;
  readonly #headers: readonly (readonly [field: string, header: string])[];
  readonly #cookies: readonly (readonly [field: string, writer: CookieWriter])[];

  constructor(operation: string, { responseHeaders = {}, responseCookies = {} }: HttpSpec) {
    this.#operation = operation;
    this.#headers = Object.entries(responseHeaders).map(([field, header]) => [field, header.toLowerCase()]);
    this.#cookies = Object.entries(responseCookies).map(([field, cookie]) => [field, cookieWriter(specOf(cookie))]);
    this.names = new Set([...this.#headers, ...this.#cookies].map(([field]) => field));
  }

  /**
   * Writes the headers of an output, names and values in turn; what is missing or null is left out, and a cookie that is null is deleted.
   * *Faults thrown*: `internal` of type `invalid_output`, where a value is one that no header can hold.
   */
  write(value: unknown): readonly string[] {
    const output = value as Readonly<Record<string, unknown>>;
    const pairs: string[] = [];
    for (const [field, header] of this.#headers) {
      const given = output[field];
      if (given === undefined || given === null) continue;
      const text = Array.isArray(given) ? given.map(listItem).join(", ") : String(given);
      if (text.length > limits.responseHeaderChars || !/^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/.test(text))
        throw this.#refused(
          field,
          `A header holds printable ASCII, at most ${limits.responseHeaderChars} characters. Encode it, as with encodeURIComponent.`,
        );
      pairs.push(header, text);
    }
    for (const [field, writer] of this.#cookies) {
      const given = output[field];
      if (given === undefined) continue;
      const well = given === null || String(given).isWellFormed();
      const cookie = well ? writer.write(given === null ? null : String(given)) : undefined;
      if (cookie === undefined)
        throw this.#refused(field, "A cookie holds 4,096 bytes of well-formed text with its name. Send an id, and store the rest.");
      pairs.push("set-cookie", cookie);
    }
    return pairs;
  }

  /** Writes the other fields as JSON. */
  bodyOf(value: unknown): string {
    return serialize(Object.fromEntries(Object.entries(value as object).filter(([field]) => !this.names.has(field)))) as string;
  }

  #refused(field: string, fix: string): Fault {
    const message = `${this.#operation}: the output field "${field}" cannot be sent as declared; nothing was committed. ${fix}`;
    return new Fault({ code: "internal", type: "invalid_output", message });
  }
}

/** Whether a route sends fields of its output as headers or cookies. */
export function hasReplyFields({ responseHeaders, responseCookies }: HttpSpec): boolean {
  return responseHeaders !== undefined || responseCookies !== undefined;
}

/** A cookie in its long form. */
export function specOf(cookie: string | CookieSpec): CookieSpec {
  return typeof cookie === "string" ? { name: cookie } : cookie;
}

/** An item of a list, in quotes where it would be read as several. *Source*: RFC 9110 §5.6.4. */
function listItem(item: unknown): string {
  const text = String(item);
  return text === "" || /[",\s\\]/.test(text) ? `"${text.replaceAll(/["\\]/g, "\\$&")}"` : text;
}
