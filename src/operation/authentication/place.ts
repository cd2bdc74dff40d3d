import type { Clock } from "../../core/clock.ts";
import type { SessionStore } from "./session-store.ts";

/** Where a caller presents credentials, if not in `Authorization`. */
export interface CredentialPlace {
  readonly in: "header" | "cookie";
  /** Of a header: in small letters. */
  readonly name: string;
  /**
   * Of a cookie, which browsers send by themselves: the origins whose pages may make requests that write, beside the own one, as in `https://app.example.com`.
   * *Default*: none.
   */
  readonly origins?: readonly string[];
}

/** A credential that a reply gives to the client of the caller, to be presented from then on. */
export interface IssuedCredential {
  readonly name: string;
  /** Empty where the client is to forget it. */
  readonly value: string;
  /** *Units*: seconds. */
  readonly lifetimeSeconds: number;
  readonly sameSite: "Lax" | "Strict" | "None";
}

/** What an app gives to its authenticator before it starts. */
export interface AuthenticatorHost {
  readonly clock: Clock;
  /** Of the app's database; undefined without one. */
  readonly sessions: SessionStore | undefined;
}

/** The key under which the scope of a command gives credentials to the caller: not in the output, which is stored and logged as it is. */
export const issue: unique symbol = Symbol("plimsoll.issue");

/** What can give credentials to the caller: the scope of a command. A record of an idempotency key keeps them sealed. */
export interface CredentialIssuer {
  [issue](credential: IssuedCredential): void;
}
