import assert from "node:assert";
import { isIP } from "node:net";
import { type Clock, systemClock } from "../../core/clock.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import { isName } from "../claims.ts";

/** Options of {@link passkeys}. */
export interface PasskeysOptions {
  /** The domain for which passkeys are made, as in `example.com`: that of the pages, or a parent of it. If it changes, all passkeys are lost. */
  readonly rpId: string;
  /** What authenticators show as the name of the app. */
  readonly rpName: string;
  /** The origins of the pages that may use passkeys, as in `https://app.example.com`; http is for `localhost` alone. */
  readonly origins: readonly string[];
  /** Whether the authenticator must have recognised its user by a PIN or a finger. *Default*: `required`: a passkey is then two factors. */
  readonly userVerification?: "required" | "preferred";
  /** How long the user may take. *Default*: 5 min. *Bounds*: 1 min to 10 min. */
  readonly timeout?: Duration;
  readonly clock?: Clock;
}

/** The options, read. */
export interface PasskeySettings {
  readonly rpId: string;
  readonly rpName: string;
  readonly origins: readonly string[];
  readonly userVerification: "required" | "preferred";
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Reads the options of passkeys. Asserts that each is within its bounds, and that browsers will accept the origins for the domain. */
export function readPasskeyOptions(options: PasskeysOptions): PasskeySettings {
  const { rpId, rpName, origins, userVerification = "required", timeout = "5m", clock = systemClock } = options;
  const timeoutMs = toMs(timeout);
  assert(
    /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(rpId) && rpId.length <= 253 && isIP(rpId) === 0,
    `passkeys({ rpId }) is "${rpId}". Write a domain in small letters, without a scheme and a port, as in "example.com".`,
  );
  assert(isName(rpName), "passkeys({ rpName }) is a text of 1 to 255 characters without control characters.");
  assert(origins.length > 0, 'passkeys({ origins }) is empty. List the origins of the pages, as in "https://app.example.com".');
  for (const origin of origins) assertOrigin(origin, rpId);
  assert(timeoutMs >= 60_000 && timeoutMs <= limits.passkeyMs, `passkeys({ timeout }) is ${timeoutMs} ms. Write "1m" to "10m".`);
  return { rpId, rpName, origins, userVerification, timeoutMs, clock };
}

function assertOrigin(origin: string, rpId: string): void {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  assert(
    url?.origin === origin && (url.protocol === "https:" || (url.protocol === "http:" && url.hostname === "localhost")),
    `passkeys({ origins }) has "${origin}". Write a scheme and a host, as in "https://app.example.com"; http is for localhost alone.`,
  );
  assert(
    url.hostname === rpId || url.hostname.endsWith(`.${rpId}`),
    `passkeys({ origins }) has "${origin}", which is outside of the domain ${rpId}: browsers refuse passkeys there. Change rpId or the origin.`,
  );
}
