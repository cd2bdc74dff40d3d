import { Fault } from "../core/fault.ts";
import type { Answer, Arrival, Target } from "./outcome.ts";

/**
 * Makes a target of any function: it is `ok` if the function resolves, `refused` if it throws a fault that says that capacity or quota is used
 * up (`unavailable`, `resource_exhausted`), and otherwise `failed`. Reasons are the types of the faults.
 */
export function callTarget(call: (arrival: Arrival) => unknown): Target {
  return async (arrival): Promise<Answer> => {
    try {
      await call(arrival);
      return { kind: "ok" };
    } catch (thrown) {
      const isRefusal = thrown instanceof Fault && (thrown.code === "unavailable" || thrown.code === "resource_exhausted");
      if (!isRefusal) throw thrown;
      return { kind: "refused", reason: thrown.type };
    }
  };
}
