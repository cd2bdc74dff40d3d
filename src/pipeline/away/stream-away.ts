import assert from "node:assert";
import { toFault } from "../../core/fault.ts";
import type { AwayStream } from "../../operation/away/away.ts";
import { lookUpForItem } from "../permissions/look-up.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import type { Inbox } from "../stream/inbox.ts";
import { openAway } from "./call-away.ts";

/** Runs an execution whose operation streams in another process: each item is handed on, shaped already, before the next one is asked for. */
export async function streamAway(execution: RunningExecution): Promise<undefined> {
  const { streaming } = execution;
  assert(streaming !== undefined, "a stream has a place");
  const stream = await openAway(execution);
  if (execution.settled) return void stream.close();
  streaming.onStop({ stop: () => stream.close() });
  // It has opened there, so that its deadline is met.
  streaming.open();
  if (streaming.incoming !== undefined) void carryMessages(execution, streaming.incoming, stream);
  try {
    for (;;) {
      streaming.pulls();
      const given = await stream.next();
      if (given === undefined || execution.settled) return;
      const lookingUp = lookUpForItem(execution);
      if (lookingUp !== undefined) await lookingUp;
      const drained = streaming.pushJson(JSON.stringify(given.item));
      if (drained !== undefined) await drained;
    }
  } catch (error) {
    if (stream.ended === undefined) throw error;
    streaming.endedAway(stream.ended, toFault(error));
  } finally {
    stream.close();
  }
}

/** Hands on what the client sends, as it was sent: none is taken before the one before it is on its way. */
async function carryMessages(execution: RunningExecution, incoming: Inbox, stream: AwayStream): Promise<void> {
  try {
    for await (const message of incoming) {
      if (execution.settled) return;
      const taken = stream.send(message);
      if (taken !== undefined) await taken;
    }
    stream.sentAll();
  } catch (error) {
    execution.stop(toFault(error));
  }
}
