import type { RunningExecution } from "../state/running-execution.ts";
import { laterOf, tokenOf } from "./position-token.ts";

/** Events of an execution are committed up to there. Calls that run at the same time may commit in another order than their positions have. */
export function committedTo(execution: RunningExecution, position: string): void {
  execution.committedTo = laterOf(execution.committedTo, position);
}

/** The token of where the events of an execution stand; undefined where it committed none. */
export function positionOf(execution: RunningExecution): string | undefined {
  const { committedTo: position } = execution;
  return position === undefined ? undefined : tokenOf(position);
}

/** Gives a replay a position behind all that is committed by now. Asked where a query of the app can wait for it, and nowhere else. */
export async function committedBefore(execution: RunningExecution): Promise<void> {
  const { events, registry } = execution.host;
  if (events === undefined || !registry.readsProjections) return;
  // The reply is worth more than where its events stand.
  const position = await events.horizon().catch(() => undefined);
  if (position !== undefined) committedTo(execution, position);
}
