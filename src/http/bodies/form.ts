import { isUtf8 } from "node:buffer";
import { malformedForm, tooManyFields } from "./faults.ts";

/** The fields of a form in the order in which they came; a name may come twice. */
export type FormFields = readonly (readonly [name: string, value: string])[];

/**
 * Reads the fields of a form. What stands between two `&` and is empty is no field.
 * *Bounds*: at most `most` fields, counted before any is read. *Source*: WHATWG URL, `application/x-www-form-urlencoded`; but what is no text in UTF-8 is
 * refused, where a browser would put another character.
 * *Faults thrown*: `invalid_argument` of type `malformed_form`, or `too_many_values` (413).
 */
export function readForm(bytes: Uint8Array, most: number): FormFields {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  let count = 1;
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", at + 1)) if (++count > most) throw tooManyFields(most);
  const isText = isUtf8(bytes);
  return text.split("&").flatMap((part, index) => {
    if (part === "") return [];
    if (!isText && part.includes("\ufffd")) throw malformedForm(index + 1, "is not UTF-8");
    const at = part.indexOf("=");
    const name = decode(at === -1 ? part : part.slice(0, at));
    const value = at === -1 ? "" : decode(part.slice(at + 1));
    if (name === undefined || value === undefined) throw malformedForm(index + 1, "is not percent-encoded UTF-8");
    if (name === "__proto__") throw malformedForm(index + 1, "has the name __proto__, which no field has");
    return [[name, value] as const];
  });
}

function decode(encoded: string): string | undefined {
  const text = encoded.includes("+") ? encoded.replaceAll("+", " ") : encoded;
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
