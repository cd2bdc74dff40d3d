/** The head of a request of HTTP/2, as the rest of the server reads heads. */
export interface Http2Head {
  readonly method: string;
  /** Empty where there is none, as of `CONNECT`. */
  readonly url: string;
  /** What an extended `CONNECT` asks for. *Source*: RFC 8441 §4. */
  readonly protocol: string | undefined;
  /** Names and values in turn, with `host` and one `cookie`. */
  readonly lines: readonly string[];
  /** Characters of names and values. */
  readonly chars: number;
}

/**
 * Turns the fields of a request into the lines that a request of HTTP/1.1 would have: `:authority` is its `Host`, and the parts of a cookie are one.
 * A `Host` that names another place than `:authority` stays beside it, so that it is refused as ambiguous.
 * *Source*: RFC 9113 §8.2.3, §8.3.1.
 */
export function readHead(raw: readonly string[]): Http2Head {
  const lines: string[] = [];
  let [method, url, chars] = ["GET", "", 0];
  let authority: string | undefined;
  let protocol: string | undefined;
  let cookieAt = -1;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    chars += name.length + value.length;
    if (name.charCodeAt(0) === 0x3a) {
      if (name === ":method") method = value;
      else if (name === ":path") url = value;
      else if (name === ":authority") authority = value;
      else if (name === ":protocol") protocol = value;
    } else if (name === "cookie" && cookieAt >= 0) lines[cookieAt] += `; ${value}`;
    else {
      if (name === "cookie") cookieAt = lines.length + 1;
      if (name !== "host" || value.toLowerCase() !== authority?.toLowerCase()) lines.push(name, value);
    }
  }
  if (authority !== undefined) lines.push("host", authority);
  return { method, url, protocol, lines, chars };
}
