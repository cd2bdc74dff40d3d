import type { AwaySaid } from "../../operation/away/away.ts";
import { shownRates } from "../rates/operation-rate.ts";
import { committedTo } from "../sourcing/positions.ts";
import { ReplyCredentials } from "../state/reply-credentials.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** What the reply to another process says of an execution beside its output; undefined where there is nothing to say. */
export function saidOf(execution: RunningExecution): AwaySaid | undefined {
  const { replayed, cache, committedTo: position, fault } = execution;
  const credentials = fault === undefined ? [...(execution.credentials?.issued.values() ?? [])] : [];
  const rates = shownRates(execution);
  const said: AwaySaid = {
    ...(replayed && { replayed }),
    ...(cache === "stale" && { stale: true }),
    ...(position !== undefined && { position }),
    ...(credentials.length > 0 && { credentials }),
    ...(rates.length > 0 && { rates }),
  };
  return Object.keys(said).length === 0 ? undefined : said;
}

/** Takes what the process says that ran a call of an execution. `isOwn`: the call was all of it, so that its reply is that of the call. */
export function takeSaid(execution: RunningExecution, said: AwaySaid, isOwn: boolean): void {
  if (execution.settled) return;
  if (said.position !== undefined) committedTo(execution, said.position);
  for (const credential of said.credentials ?? []) {
    execution.credentials ??= new ReplyCredentials();
    execution.credentials.issue(credential);
  }
  if (!isOwn) return;
  execution.said = said;
  execution.replayed = said.replayed === true;
}
