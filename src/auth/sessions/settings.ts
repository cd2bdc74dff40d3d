import assert from "node:assert";
import { type Duration, toMs } from "../../core/duration.ts";

/** Options of {@link sessions}. */
export interface SessionOptions {
  /** The name of the cookie. *Default*: `__Host-session`, which no other host of the site can set. */
  readonly cookie?: `__Host-${string}`;
  /** How long a session lasts that is not used. *Default*: 1 h. *Bounds*: 1 min to 400 days. */
  readonly idle?: Duration;
  /** How long a session lasts. *Default*: 24 h. *Bounds*: from `idle` to 400 days. */
  readonly absolute?: Duration;
  /** How old the token of a session becomes. *Default*: 15 min. *Bounds*: 1 min to 30 days. */
  readonly rotateAfter?: Duration;
  /** How long a token is good without another look-up, so also how long after the end of its session. *Default*: 1 s. *Bounds*: 0 to 1 s. */
  readonly rememberFor?: Duration;
  /** Whether the browser sends the cookie with requests from other sites. *Default*: `Lax`: only when a user follows a link. */
  readonly sameSite?: "Lax" | "Strict" | "None";
  /** The origins whose pages may send requests that write, beside the own one, as in `https://app.example.com`. *Default*: none. */
  readonly origins?: readonly string[];
  /** The claim into which the tenant of a session is put, for `tenancy`. *Default*: `tid`. */
  readonly tenantClaim?: string;
}

/** The options, read. */
export interface SessionSettings {
  readonly name: string;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly rotateMs: number;
  readonly rememberMs: number;
  readonly sameSite: "Lax" | "Strict" | "None";
  readonly origins: readonly string[];
  readonly tenantClaim: string;
}

const minute = 60_000;
/** Browsers keep no cookie longer. *Source*: RFC 6265bis section 5.5. */
const longestMs = 400 * 24 * 60 * minute;

/** Reads the options of sessions. Asserts that each is within its bounds. */
export function readSessionOptions(options: SessionOptions): SessionSettings {
  const { cookie = "__Host-session", idle = "1h", absolute = "24h", rotateAfter = "15m", rememberFor = "1s" } = options;
  const { sameSite = "Lax", origins = [], tenantClaim = "tid" } = options;
  assert(
    /^__Host-[\w.~-]{1,64}$/.test(cookie),
    `sessions({ cookie }) is "${cookie}". Begin the name with __Host-, so that no other host of the site can set it, and continue with letters, digits and hyphens.`,
  );
  const [idleMs, absoluteMs, rotateMs, rememberMs] = [idle, absolute, rotateAfter, rememberFor].map((one) => toMs(one)) as [
    number,
    number,
    number,
    number,
  ];
  assert(idleMs >= minute && idleMs <= longestMs, `sessions({ idle }) is ${idleMs} ms. Write "1m" to "400d".`);
  assert(
    absoluteMs >= idleMs && absoluteMs <= longestMs,
    `sessions({ absolute }) is ${absoluteMs} ms. Write at least idle, and at most "400d".`,
  );
  assert(rotateMs >= minute && rotateMs <= 30 * 24 * 60 * minute, `sessions({ rotateAfter }) is ${rotateMs} ms. Write "1m" to "30d".`);
  assert(
    rememberMs >= 0 && rememberMs <= 1_000,
    `sessions({ rememberFor }) is ${rememberMs} ms. Write 0 to "1s": sessions must end in time.`,
  );
  for (const origin of origins)
    assert(isOrigin(origin), `sessions({ origins }) has "${origin}", which is not an origin. Write it as in "https://app.example.com".`);
  return { name: cookie, idleMs, absoluteMs, rotateMs, rememberMs, sameSite, origins, tenantClaim };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
