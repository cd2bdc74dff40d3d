import { Fault } from "../../core/fault.ts";
import { isFields } from "../carrier/message.ts";
import { paramsInvalid, toolUnknown } from "../faults.ts";
import { prepare } from "./ask/prepare.ts";
import type { Asking, CallTerms } from "./asking.ts";
import { runCall } from "./invocation.ts";
import { Collected } from "./notify/collected.ts";
import { ItemNotes } from "./notify/item-notes.ts";
import { faultResult, outputResult, streamResult } from "./results.ts";
import { beginTask, takesTasks } from "./task/tasks.ts";

type Result = Readonly<Record<string, unknown>>;

/**
 * Calls a tool. What its operation refuses is a result that models read; a caller who has to sign in is refused by a fault.
 * *Faults thrown*: `unauthenticated`, `mcp_tool_unknown`, `mcp_params_invalid`, `mcp_capability_missing`.
 */
export async function callTool(terms: CallTerms, asking: Asking): Promise<Result> {
  const { carrier, message } = asking;
  const { name, arguments: input = {} } = message.params;
  if (typeof name !== "string") throw paramsInvalid('"name" is not the name of a tool.');
  const tool = terms.model.tools.get(name);
  if (tool === undefined) throw toolUnknown(name);
  if (!isFields(input)) throw paramsInvalid('"arguments" is not an object.');
  try {
    const prepared = await prepare(terms, asking, { callable: tool, call: { target: name, input } });
    if ("result" in prepared) return prepared.result;
    const { operation } = tool;
    const items = operation.stream && new Collected({ ...terms, talk: asking.talk, notes: new ItemNotes(terms, asking, operation) });
    const done = await runCall(terms.runtime, operation, {
      ...{ carrier, signal: asking.signal, input: prepared.input, idempotencyKey: prepared.key, method: "tools/call", target: name },
      ...(items && { items }),
    });
    const fault = done.fault ?? done.streaming?.interruption;
    if (fault !== undefined) throw fault;
    if (items !== undefined) return streamResult(operation, items.items);
    return takesTasks(asking.client) && tool.task !== undefined ? beginTask(terms, asking, { tool, done }) : outputResult(operation, done);
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code === "unauthenticated") throw thrown;
    // What is wrong with the request itself is no result; all else is one.
    if (thrown.type.startsWith("mcp_") && thrown.code !== "failed_precondition") throw thrown;
    return faultResult(thrown, carrier.requestId);
  }
}
