import { limits } from "../../core/limits.ts";
import { tooManyCookies } from "./faults.ts";

/**
 * Reads the values of the named cookies out of the lines of `Cookie`; of several with one name, the first counts, which has the longest path.
 * *Faults thrown*: `cookies_too_many`. *Source*: RFC 6265 §5.4, and §4.2.2 for what is not specified.
 */
export function readCookies(lines: readonly string[], names: ReadonlySet<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let count = 0;
  for (const line of lines)
    for (let at = 0; at < line.length; ) {
      const semicolon = line.indexOf(";", at);
      const end = semicolon < 0 ? line.length : semicolon;
      if (++count > limits.cookies) throw tooManyCookies(limits.cookies);
      const equals = line.indexOf("=", at);
      if (equals >= at && equals < end) {
        const name = line.slice(at, equals).trim();
        if (names.has(name) && !found.has(name)) found.set(name, decoded(line.slice(equals + 1, end).trim()));
      }
      at = end + 1;
    }
  return found;
}

/** What is percent-encoded, as what the platform sends is, is decoded; any other text stays as it is. */
function decoded(text: string): string {
  const bare = text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  if (!bare.includes("%")) return bare;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
