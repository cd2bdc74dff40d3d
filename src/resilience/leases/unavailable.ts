import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";

/** Says that a store of leases cannot be asked now. *Faults*: `rate_store_unavailable`. */
export function storeUnavailable(message: string): Fault {
  return new Fault({ code: "unavailable", type: "rate_store_unavailable", message, retryAfterMs: limits.rateStorePauseMs });
}
