import { toMs } from "../../core/duration.ts";
import type { CookieSpec } from "../../operation/online/http-head.ts";

/** Everything of a `Set-Cookie` that does not depend on its value, and how the value is written. */
export interface CookieWriter {
  /** `null` deletes the cookie. *Bounds*: what browsers store, 4,096 bytes with the name; undefined where it is more. */
  write(value: string | null): string | undefined;
}

/** *Source*: RFC 6265bis §5.6, the size of a name and its value. */
const mostBytes = 4_096;

/** Makes the writer of a cookie. *Defaults*: see {@link CookieSpec}. */
export function cookieWriter({ name, maxAge, path = "/", domain, sameSite = "lax", ...flags }: CookieSpec): CookieWriter {
  const { httpOnly = true, secure = true, partitioned = false } = flags;
  const where = `; Path=${path}${domain === undefined ? "" : `; Domain=${domain}`}`;
  const how = `${secure ? "; Secure" : ""}${httpOnly ? "; HttpOnly" : ""}; SameSite=${siteWords[sameSite]}${partitioned ? "; Partitioned" : ""}`;
  const age = maxAge === undefined ? "" : `; Max-Age=${Math.floor(toMs(maxAge) / 1_000)}`;
  return {
    write: (value) => {
      if (value === null) return `${name}=${where}; Max-Age=0${how}`;
      const text = encodeURIComponent(value);
      return name.length + text.length > mostBytes ? undefined : `${name}=${text}${where}${age}${how}`;
    },
  };
}

const siteWords = { lax: "Lax", strict: "Strict", none: "None" } as const;

/** Says what is wrong with a cookie, as far as browsers would not store it; undefined where nothing is. */
export function cookieProblem({ name, path = "/", domain, secure = true, sameSite, partitioned, maxAge }: CookieSpec): string | undefined {
  if (!/^\/[\x21-\x3a\x3c-\x7e]*$/.test(path)) return `"${path}" is not a path of cookies. Write one such as "/", without a semicolon.`;
  if (domain !== undefined && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(domain))
    return `"${domain}" is not a domain. Write one in small letters, such as "example.com".`;
  if (name.startsWith("__Host-") && (!secure || path !== "/" || domain !== undefined))
    return "A cookie whose name begins with __Host- is secure, has the path / and no domain.";
  if (name.startsWith("__Secure-") && !secure) return "A cookie whose name begins with __Secure- is secure. Remove secure: false.";
  if ((sameSite === "none" || partitioned) && !secure)
    return 'A cookie for other sites (sameSite: "none", partitioned) is secure. Remove secure: false.';
  if (maxAge !== undefined && !(toMs(maxAge) >= 1_000 && toMs(maxAge) <= 34_560_000_000))
    return "maxAge is 1 s to 400 days: browsers keep no cookie longer.";
  return undefined;
}
