import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";

// The reason goes to the log as the cause, in one word: jose's own errors carry the claims.

export const tokenMalformed = (reason: string): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "token_invalid",
    message:
      "The token is malformed. Send it exactly as it was issued: three parts of base64url with dots between them, nothing before, after or inside.",
    cause: reason,
  });

export const tokenInvalid = (reason: string): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "token_invalid",
    message: "This service does not accept the token. Sign in again and send the new one.",
    cause: reason,
  });

export const tokenForOthers = (reason: string): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "token_invalid",
    message: "The token was issued by or for somebody else. Ask for one whose issuer and audience are this service's, and send that.",
    cause: reason,
  });

export const tokenExpired = (): Fault =>
  new Fault({ code: "unauthenticated", type: "token_expired", message: "The token has expired. Sign in again and send the new one." });

export const tokenNotYetValid = (): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "token_not_yet_valid",
    message: "The token is not valid yet. Send it later; if it was issued just now, the issuer's clock is ahead and must be set.",
  });

export const tokenTooLong = (): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "token_too_long",
    message: `A token has at most ${limits.tokenChars} characters. Ask for one with fewer claims.`,
  });

export const tooManyNewTokens = (): Fault =>
  new Fault({
    code: "unavailable",
    type: "overloaded",
    message: `The limit "tokens being verified" of ${limits.verifyingTokens} is reached. Try again in a moment.`,
    details: { limit: "tokens being verified", value: limits.verifyingTokens, load: limits.verifyingTokens },
    retryAfterMs: 1_000,
  });
