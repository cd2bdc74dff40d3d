/** What a reply teaches of the callee's quota. *Units*: calls, and milliseconds from now. */
export interface QuotaLesson {
  /** Calls in one window. */
  readonly limit?: number;
  /** Length of a window. */
  readonly windowMs?: number;
  /** Calls that are left in this window. */
  readonly remaining?: number;
  /** Until the next window. */
  readonly resetMs?: number;
  /** How long not to call at all: of a refusal. */
  readonly retryAfterMs?: number;
}

/** Reads one header by its name in lower case. */
export type ReadHeader = (name: string) => string | undefined;

/** From here on a reset is a time since the epoch, in seconds, and not a duration. */
const epochFromSeconds = 1_000_000_000;

/**
 * Reads what the headers of a reply say of a quota; undefined where they say nothing.
 * `nowMs`: wall time since the epoch, for the headers that give a date. What cannot be read is taken as not there.
 * *Source*: `RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers (both its forms), `X-RateLimit-*`, `Retry-After` of RFC 9110.
 */
export function readQuotaHeaders(header: ReadHeader, nowMs: number): QuotaLesson | undefined {
  const [current, policy] = [header("ratelimit"), header("ratelimit-policy")];
  const older = (name: string) => header(`ratelimit-${name}`) ?? header(`x-ratelimit-${name}`);
  const lesson = {
    limit: parameter(policy, "q") ?? parameter(current, "limit") ?? number(older("limit")),
    windowMs: milliseconds(parameter(policy, "w")),
    remaining: parameter(current, "r") ?? parameter(current, "remaining") ?? number(older("remaining")),
    resetMs: milliseconds(parameter(current, "t") ?? parameter(current, "reset")) ?? untilReset(number(older("reset")), nowMs),
    retryAfterMs: retryAfter(header("retry-after"), nowMs),
  };
  const known = Object.entries(lesson).filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : (Object.fromEntries(known) as QuotaLesson);
}

/** The first parameter of this name: `"default";r=50;t=30`, or `limit=100, remaining=50`. */
function parameter(text: string | undefined, name: string): number | undefined {
  return number(new RegExp(`(?:^|[;,\\s])${name}=(\\d{1,15})(?![\\d.])`).exec(text ?? "")?.[1]);
}

function number(text: string | undefined): number | undefined {
  // A list, as in "100, 100;w=60", begins with the value.
  const digits = /^\s*(\d{1,15})(?:\.\d+)?\s*(?:$|[,;])/.exec(text ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

function untilReset(seconds: number | undefined, nowMs: number): number | undefined {
  if (seconds === undefined) return undefined;
  return seconds >= epochFromSeconds ? Math.max(0, seconds * 1_000 - nowMs) : seconds * 1_000;
}

function retryAfter(text: string | undefined, nowMs: number): number | undefined {
  const seconds = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*$/.exec(text ?? "")?.[1];
  if (seconds !== undefined) return Math.ceil(Number(seconds) * 1_000);
  // Only a date as HTTP writes it: the parser of JavaScript takes "-5" for a month.
  const at = /^\s*[A-Z][a-z]{2,8}, \d/.test(text ?? "") ? Date.parse(text ?? "") : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
