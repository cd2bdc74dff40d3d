import { codes } from "../core/code.ts";
import type { Fault } from "../core/fault.ts";
import { httpStatuses, httpStatusOf } from "./http-status.ts";

/** What callers read in the place of the message of a bug. */
export const hiddenMessage = "The server failed to handle the request and logged the cause. Try again later, or report the request id.";

/** A fault as callers see it, with the members of a problem of RFC 9457. */
export interface FaultProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly problems?: readonly unknown[];
}

/** Describes a fault for callers, on any surface: of an `internal` one they see neither message nor details. */
export function problemOf(fault: Fault, requestId: string): FaultProblem {
  const internal = fault.code === "internal";
  const { problems, ...rest } = (internal ? {} : ((fault.details ?? {}) as Record<string, unknown>)) as { readonly problems?: unknown };
  return {
    type: `urn:plimsoll:${internal ? "internal" : fault.type}`,
    title: codes[fault.code].title,
    status: internal ? httpStatuses.internal : httpStatusOf(fault),
    detail: internal ? hiddenMessage : fault.message,
    code: fault.code,
    requestId,
    ...(Object.keys(rest).length > 0 && { details: rest }),
    ...(Array.isArray(problems) && { problems }),
  };
}
