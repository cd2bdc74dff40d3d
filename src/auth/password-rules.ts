import assert from "node:assert";
import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import { limits } from "../core/limits.ts";

/** Why a password is refused. */
export type PasswordProblem = "too_short" | "too_long" | "same_as_name" | "breached" | "list_unavailable";

/** Options of {@link passwordRules}. */
export interface PasswordRulesOptions {
  /** The fewest characters. *Default*: 8; NIST asks for 15 if a password is the only factor. *Bounds*: 8 to 64. */
  readonly minChars?: number;
  /** The most bytes in UTF-8. *Default*: `limits.passwordChars`. *Bounds*: 64 to `limits.passwordChars`. */
  readonly maxBytes?: number;
  /** Says whether a password is on a list of breached ones, as {@link breachedByRange} does. *Default*: no list is asked. */
  readonly breached?: (password: string, context: { readonly signal: AbortSignal }) => boolean | Promise<boolean>;
  /** How long the list may take. *Default*: 1 s. *Bounds*: up to 10 s. */
  readonly timeout?: Duration;
  /** What happens with a password while the list fails or takes too long. *Default*: `accept`. */
  readonly withoutList?: "accept" | "refuse";
  readonly clock?: Clock;
}

/** What passwords a user may choose. */
export interface PasswordRules {
  /**
   * Returns why a new password is refused; undefined if it is good. `not`: what it must not be, such as the user's name and e-mail address.
   * Ask it outside of transactions: the list may be another service.
   * @example const problem = await rules.problemOf(input.password, { not: [user.email, user.name], signal });
   */
  problemOf(
    password: string,
    context?: { readonly not?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<PasswordProblem | undefined>;
}

/**
 * Decides which passwords users may choose: by their length, and by what is known of them. There are no rules on kinds of characters and no expiry, which
 * make users choose worse passwords. *Source*: NIST SP 800-63B section 3.1.1.
 * @example const rules = passwordRules({ minChars: 12, breached: breachedByRange(fetchRange) });
 */
export function passwordRules(options: PasswordRulesOptions = {}): PasswordRules {
  const { minChars = 8, maxBytes = limits.passwordChars, breached, timeout = "1s", withoutList = "accept", clock = systemClock } = options;
  const timeoutMs = toMs(timeout);
  assert(minChars >= 8 && minChars <= 64, `passwordRules({ minChars }) is ${minChars}. Write 8 to 64.`);
  assert(
    maxBytes >= 64 && maxBytes <= limits.passwordChars,
    `passwordRules({ maxBytes }) is ${maxBytes}. Write 64 to ${limits.passwordChars}.`,
  );
  assert(timeoutMs > 0 && timeoutMs <= 10_000, `passwordRules({ timeout }) is ${timeoutMs} ms. Write up to "10s".`);
  return {
    async problemOf(password, { not = [], signal } = {}) {
      if (Buffer.byteLength(password) > maxBytes) return "too_long";
      const text = password.normalize("NFKC");
      // As a user counts them: a code point is one.
      if ([...text].length < minChars) return "too_short";
      if (not.some((name) => isNamed(text, name))) return "same_as_name";
      if (breached === undefined) return undefined;
      const verdict = await within(clock, { timeoutMs, signal, work: async (context) => await breached(password, context) });
      if (verdict === undefined) return withoutList === "refuse" ? "list_unavailable" : undefined;
      return verdict ? "breached" : undefined;
    },
  };
}

/**
 * Makes the `breached` of {@link passwordRules} from a list that is asked by ranges, as that of Have I Been Pwned: `range` gets the first five digits of the SHA-1
 * and returns the lines `REST:COUNT`. So the list learns neither the password nor its hash.
 * @example breachedByRange((prefix, { signal }) => pwned.get(`/range/${prefix}`, { signal }))
 */
export function breachedByRange(
  range: (prefix: string, context: { readonly signal: AbortSignal }) => string | Promise<string>,
): NonNullable<PasswordRulesOptions["breached"]> {
  return async (password, context) => {
    const hash = createHash("sha1").update(password).digest("hex").toUpperCase();
    const lines = await range(hash.slice(0, 5), context);
    const rest = hash.slice(5);
    // A list pads its responses with rests that have the count 0.
    return lines.split(/\r?\n/).some((line) => line.toUpperCase().startsWith(`${rest}:`) && !/:0+\s*$/.test(line));
  };
}

/** A name, an address, or the part before its `@`: what an attacker tries first. */
function isNamed(text: string, name: string): boolean {
  const [chosen, known] = [text, name].map((one) => one.normalize("NFKC").toLowerCase().replaceAll(/\s/g, "")) as [string, string];
  return known !== "" && (chosen === known || chosen === known.split("@", 1)[0]);
}

interface TimedWork {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  work(context: { readonly signal: AbortSignal }): Promise<boolean>;
}

/** Undefined where the list failed or took too long. */
async function within(clock: Clock, { timeoutMs, signal, work }: TimedWork): Promise<boolean | undefined> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  controller.signal.addEventListener("abort", () => resolve(undefined), { once: true });
  const timer = clock.schedule(timeoutMs, () => controller.abort());
  try {
    return await Promise.race([work({ signal: controller.signal }).catch(() => undefined), late]);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", onAbort);
    // The caller is gone, which says nothing of the list.
    signal?.throwIfAborted();
  }
}
