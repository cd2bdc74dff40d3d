import { formatMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";

/** Refuses credentials that were revoked. *Faults*: `token_revoked`. */
export const tokenRevoked = (): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "token_revoked",
    message: "The credentials were revoked. Sign in again and send the new ones.",
  });

/** Refuses a token that is valid for longer than revocations are kept. *Faults*: `token_invalid`. */
export const tokenOutlives = (longestMs: number): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "token_invalid",
    message: `This service accepts tokens that are valid for at most ${formatMs(longestMs)} and have an iat. Ask for one that expires sooner, and send that.`,
    cause: "exp and iat",
  });

/** Refuses credentials of which it is not known now whether they were revoked. *Faults*: `revocations_unavailable`. */
export const revocationsUnavailable = (): Fault =>
  new Fault({
    code: "unavailable",
    type: "revocations_unavailable",
    message: "The service cannot find out now whether your credentials were revoked. Send the request again in a moment.",
    retryAfterMs: limits.refusalRetryMs,
  });

/** Refuses to revoke one more. *Faults*: `revocations_full`. */
export const revocationsFull = (): Fault =>
  new Fault({
    code: "unavailable",
    type: "revocations_full",
    message: `There are ${limits.revocations} revocations that are still needed. Revoke users instead of their sessions, or let tokens expire sooner.`,
  });
