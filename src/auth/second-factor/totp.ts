import assert from "node:assert";
import { createHmac, timingSafeEqual } from "node:crypto";
import { type Clock, systemClock } from "../../core/clock.ts";
import { fromBase32, toBase32 } from "./base32.ts";

/** How codes are computed; an authenticator app learns it from the address of {@link totpUri}. Most apps know the defaults alone. */
export interface TotpForm {
  /** *Default*: `SHA1`. */
  readonly algorithm?: "SHA1" | "SHA256" | "SHA512";
  /** *Default*: 6. */
  readonly digits?: 6 | 7 | 8;
  /** How long one code is shown. *Units*: seconds. *Default*: 30. *Bounds*: 15 to 300. */
  readonly periodSeconds?: number;
}

/** What {@link verifyTotp} compares. */
export interface TotpAttempt extends TotpForm {
  /** The secret of {@link newTotpSecret}, or another in base32 of 128 bits or more. */
  readonly secret: string;
  /** What the user typed; spaces are left out. */
  readonly code: string;
  /** The step that {@link verifyTotp} returned at the user's last success: codes up to it are refused. *Default*: none was used. */
  readonly lastStep?: number | undefined;
  /** How many steps the clock of the user may be behind or ahead. *Default*: 1. *Bounds*: 0 to 10. */
  readonly driftSteps?: number;
  readonly clock?: Clock;
}

const secretBytes = 20;
const leastSecretBytes = 16;
const mostDrift = 10;

/**
 * Makes the secret of a user's authenticator app: 160 random bits in base32.
 * Store it where only the sign-in reads it: who has it makes codes.
 * @example const secret = newTotpSecret();
 */
export function newTotpSecret({ clock = systemClock }: { readonly clock?: Clock } = {}): string {
  return toBase32(clock.randomBytes(secretBytes));
}

/**
 * Returns the address that a page shows as a QR code, from which an authenticator app learns the secret. *Source*: the Key URI Format of Google Authenticator.
 * @example totpUri({ secret, issuer: "Shop", account: "ann@example.com" })
 */
export function totpUri({
  secret,
  issuer,
  account,
  ...form
}: TotpForm & { readonly secret: string; readonly issuer: string; readonly account: string }): string {
  const { algorithm, digits, periodSeconds } = formOf(form);
  const query = new URLSearchParams({ secret, issuer, algorithm, digits: String(digits), period: String(periodSeconds) });
  // A plus sign is a space to some apps and a plus to others.
  return `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(account)}?${query.toString().replaceAll("+", "%20")}`;
}

/**
 * Verifies a code of an authenticator app. Returns its step if it is right, and otherwise undefined.
 *
 * A code is good once. Store the step in the transaction that accepts it, and only if it is larger, as in
 * `update users set totp_step = ${step} where id = ${id} and (totp_step < ${step} or totp_step is null)`: of two requests with one code, one changes a row.
 * A code of six digits is soon guessed if guesses are free: let {@link signInGuard} count them.
 * *Guarantees*: the time that it takes does not depend on the code. *Source*: RFC 6238.
 * @example const step = verifyTotp({ secret, code: input.code, lastStep: user.totpStep });
 */
export function verifyTotp({ secret, code, lastStep, driftSteps = 1, clock = systemClock, ...form }: TotpAttempt): number | undefined {
  const { algorithm, digits, periodSeconds } = formOf(form);
  const key = fromBase32(secret);
  assert(
    key !== undefined && key.length >= leastSecretBytes,
    "verifyTotp({ secret }) is not base32 of 128 bits or more. Give the secret that newTotpSecret returned.",
  );
  assert(
    Number.isInteger(driftSteps) && driftSteps >= 0 && driftSteps <= mostDrift,
    `verifyTotp({ driftSteps }) is ${driftSteps}. Write 0 to ${mostDrift}: each step makes a guess easier.`,
  );
  const given = Buffer.from(code.replaceAll(" ", ""));
  const now = Math.floor(clock.now() / 1_000 / periodSeconds);
  let found: number | undefined;
  // All of them are compared, whichever is right.
  for (let step = Math.max(0, now - driftSteps); step <= now + driftSteps; step++) {
    const right = Buffer.from(codeAt(step, { key, algorithm, digits }));
    const fits = right.length === given.length && timingSafeEqual(right, given);
    if (fits && step > (lastStep ?? -1)) found ??= step;
  }
  return found;
}

function formOf({ algorithm = "SHA1", digits = 6, periodSeconds = 30 }: TotpForm): Required<TotpForm> {
  assert(
    Number.isInteger(periodSeconds) && periodSeconds >= 15 && periodSeconds <= 300,
    `periodSeconds of a TOTP is ${periodSeconds}. Write 15 to 300; most authenticator apps know 30 alone.`,
  );
  return { algorithm, digits, periodSeconds };
}

/** *Source*: RFC 4226 section 5.3, with the hash functions of RFC 6238. */
function codeAt(
  step: number,
  { key, algorithm, digits }: { readonly key: Buffer; readonly algorithm: string; readonly digits: number },
): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(algorithm, key).update(counter).digest();
  const at = mac[mac.length - 1]! & 15;
  const number = (mac.readUInt32BE(at) & 0x7fffffff) % 10 ** digits;
  return String(number).padStart(digits, "0");
}
