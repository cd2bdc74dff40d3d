import type { Code } from "../core/code.ts";

/** The HTTP status of each code where nothing more precise is known. *Source*: the mapping of google.rpc.Code; 499 is that of nginx. */
export const httpStatuses = {
  invalid_argument: 400,
  failed_precondition: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  aborted: 409,
  resource_exhausted: 429,
  cancelled: 499,
  deadline_exceeded: 504,
  unavailable: 503,
  unimplemented: 501,
  internal: 500,
} as const satisfies Record<Code, number>;

/** Faults of the layers below any surface for which HTTP has a more precise status than that of their code, by type. */
const statusesByType: ReadonlyMap<string, number> = new Map([["too_many_values", 413]]);

/** Returns the HTTP status of a fault or of a declared kind of fault: the one that it declares, otherwise that of its type, otherwise that of its code. */
export function httpStatusOf(fault: { readonly code: Code; readonly type?: string; readonly status?: number | undefined }): number {
  return fault.status ?? statusesByType.get(fault.type ?? fault.code) ?? httpStatuses[fault.code];
}
