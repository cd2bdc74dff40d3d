import { type Fault, refusal } from "../core/fault.ts";
import { limits } from "../core/limits.ts";

// The reason goes to the log as the cause, in one word: jose's own errors carry the claims.

/** Refuses a token that cannot be parsed. *Faults*: `token_invalid`. */
export const tokenMalformed = (reason: string): Fault =>
  refusal({
    code: "unauthenticated",
    type: "token_invalid",
    message:
      "The token is malformed. Send it exactly as it was issued: three parts of base64url with dots between them, nothing before, after or inside.",
    cause: reason,
  });

/** Refuses a token whose signature, key or claims do not verify. *Faults*: `token_invalid`. */
export const tokenInvalid = (reason: string): Fault =>
  refusal({
    code: "unauthenticated",
    type: "token_invalid",
    message: "This service does not accept the token. Sign in again and send the new one.",
    cause: reason,
  });

/** Refuses a token of another issuer or for another audience. *Faults*: `token_invalid`. */
export const tokenForOthers = (reason: string): Fault =>
  refusal({
    code: "unauthenticated",
    type: "token_invalid",
    message: "The token is for another audience, or of another issuer. Ask for one with this service's issuer and audience, and send that.",
    cause: reason,
  });

/** Refuses a token after its `exp`. *Faults*: `token_expired`. */
export const tokenExpired = (): Fault =>
  refusal({ code: "unauthenticated", type: "token_expired", message: "The token has expired. Sign in again and send the new one." });

/** Refuses a token before its `nbf`. *Faults*: `token_not_yet_valid`. */
export const tokenNotYetValid = (): Fault =>
  refusal({
    code: "unauthenticated",
    type: "token_not_yet_valid",
    message: "The token is not valid yet. Send it later; if it was issued just now, the issuer's clock is ahead and must be set.",
  });

/** Refuses a token above `limits.tokenChars` before it is parsed. *Faults*: `token_too_long`. */
export const tokenTooLong = (): Fault =>
  refusal({
    code: "unauthenticated",
    type: "token_too_long",
    message: `A token has at most ${limits.tokenChars} characters. Ask for one with fewer claims.`,
  });
