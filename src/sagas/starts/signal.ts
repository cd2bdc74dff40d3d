import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";

/** What became known of a signal when it was sent. */
export type SignalOutcome = "sent" | "ended" | "unknown" | "full";

/** *Faults thrown*: `not_found` of type `saga_unknown`; `failed_precondition` of type `saga_ended`; `resource_exhausted` of type `saga_signals_full`. */
export function assertSent(id: string, outcome: SignalOutcome): void {
  if (outcome === "unknown") throw unknownSaga(id);
  if (outcome === "ended") throw hasEnded(id);
  if (outcome === "full") throw signalsFull(id);
}

/** *Faults*: `saga_unknown`. */
export const unknownSaga = (id: string): Fault =>
  new Fault({
    code: "not_found",
    type: "saga_unknown",
    message: `There is no saga with the id ${id}. Check the id; a saga that ended long ago is not kept.`,
  });

const hasEnded = (id: string): Fault =>
  new Fault({ code: "failed_precondition", type: "saga_ended", message: `The saga ${id} has ended, and takes no signal any more.` });

const signalsFull = (id: string): Fault =>
  new Fault({
    code: "resource_exhausted",
    type: "saga_signals_full",
    message: `${limits.sagaSignals} signals wait for the saga ${id}, as many as may. Have it take them, or send fewer.`,
    details: { limit: "saga signals", value: limits.sagaSignals },
  });
