import { Fault } from "../core/fault.ts";
import type { Answer, Arrival, Target } from "./outcome.ts";

/**
 * Makes a target from any function. A call is `ok` if the function resolves, `refused` if it throws a fault about capacity or quota (`unavailable`,
 * `resource_exhausted`), and otherwise `failed`. The reason is the type of the fault.
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
