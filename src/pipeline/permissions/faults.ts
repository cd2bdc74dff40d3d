import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";

/** Refuses a request of which it is not known now what its caller may do. *Faults*: `permissions_unavailable`. */
export const permissionsUnavailable = (): Fault =>
  new Fault({
    code: "unavailable",
    type: "permissions_unavailable",
    message: "The service cannot find out now what you may do. Send the request again in a moment.",
    retryAfterMs: limits.refusalRetryMs,
  });

/** Ends a load that takes too long. */
export const loadTooSlow = (tookMs: number): Fault =>
  new Fault({
    code: "deadline_exceeded",
    message: `The permissions were not there after ${tookMs} ms. Make what load does faster, as with an index.`,
  });

/** Refuses a map that is none, or is too large. */
export const grantsInvalid = (what: string): Fault =>
  new Fault({
    code: "internal",
    message: `tenantPermissions({ load }) ${what}. Return an object of lists, as in { support: ["orders.refund"] }, or undefined.`,
  });
