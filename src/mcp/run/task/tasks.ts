import { Fault } from "../../../core/fault.ts";
import type { CompiledOperation } from "../../../pipeline/registry/compiled.ts";
import type { RunningExecution } from "../../../pipeline/state/running-execution.ts";
import type { Client } from "../../carrier/client.ts";
import { isFields } from "../../carrier/message.ts";
import { tasksMissing, taskUnknown } from "../../faults.ts";
import { taskInputOf, type taskStatuses } from "../../model/task.ts";
import type { Tool } from "../../model/tool.ts";
import type { Asking, CallTerms } from "../asking.ts";
import { runCall } from "../invocation.ts";
import { outputResult } from "../results.ts";

/** The extension of MCP by which calls are tasks. */
export const tasksExtension = "io.modelcontextprotocol/tasks";

type Fields = Readonly<Record<string, unknown>>;

/** What a task is: all of it stands sealed in its id. */
interface Task {
  readonly tool: string;
  /** The fields of the tool's output by which it is read and cancelled. */
  readonly fields: Fields;
  readonly createdAt: number;
}

/** Whether a client takes a task instead of a result. */
export function takesTasks({ era, capabilities }: Client): boolean {
  const { extensions } = capabilities;
  return era === "modern" && isFields(extensions) && isFields(extensions[tasksExtension]);
}

/** Makes the task of a call that has started work: the work is durable by then, as the call has committed. */
export function beginTask({ limits }: CallTerms, { carrier }: Asking, { tool, done }: { tool: Tool; done: RunningExecution }): Fields {
  const { clock, options } = carrier.host;
  const { task, name } = tool;
  const output = done.output?.value;
  const by = (operation: CompiledOperation | undefined) => (operation === undefined ? {} : taskInputOf(operation, output));
  const begun: Task = { tool: name, fields: { ...by(task?.cancels), ...by(task?.reads) }, createdAt: clock.now() };
  const taskId = options.cursors.seal({ ...useOf(carrier), position: begun });
  return { resultType: "task", ...envelope(taskId, begun, { now: clock.now(), ...limits }), status: "working" };
}

/** Reads how a task stands, and its result. *Faults thrown*: `mcp_capability_missing`, `mcp_task_unknown`, and those of its query. */
export async function readTask(terms: CallTerms, asking: Asking): Promise<Fields> {
  const { carrier, signal } = asking;
  const { task, tool, id } = opened(terms, asking);
  const { reads } = tool;
  const input = taskInputOf(reads, task.fields);
  const call = { carrier, signal, input, idempotencyKey: undefined, method: "tasks/get", target: task.tool } as const;
  const done = await runCall(terms.runtime, reads, call);
  if (done.fault?.code === "not_found") throw taskUnknown();
  if (done.fault !== undefined) throw done.fault;
  const { status } = (done.output?.value ?? {}) as { readonly status: (typeof taskStatuses)[number] };
  const base = envelope(id, task, { now: carrier.host.clock.now(), ...terms.limits });
  if (status === "working" || status === "cancelled") return { ...base, status };
  // A tool that ran and failed has a result of it; "failed" is for what is wrong with the protocol.
  return { ...base, status: "completed", result: { ...outputResult(reads, done), isError: status === "failed" } };
}

/** Asks for the end of a task, if its tool has a command for that. *Faults thrown*: `mcp_capability_missing`, `mcp_task_unknown`, and those of its command. */
export async function cancelTask(terms: CallTerms, asking: Asking): Promise<Fields> {
  const { carrier, signal } = asking;
  const { task, tool } = opened(terms, asking);
  const { cancels } = tool;
  if (cancels === undefined) return {};
  const input = taskInputOf(cancels, task.fields);
  const call = { carrier, signal, input, idempotencyKey: undefined, method: "tasks/cancel", target: task.tool } as const;
  const done = await runCall(terms.runtime, cancels, call);
  // What has ended already cannot be cancelled, and that is fine.
  if (done.fault !== undefined && done.fault.code !== "failed_precondition") throw done.fault;
  return {};
}

/** Takes what a client sends to a task: a task asks for nothing, since its input was whole before it began. *Faults thrown*: `mcp_capability_missing`, `mcp_task_unknown`. */
export function updateTask(terms: CallTerms, asking: Asking): Fields {
  opened(terms, asking);
  return {};
}

function opened({ model, limits }: CallTerms, { carrier, client, message }: Asking) {
  if (!takesTasks(client)) throw tasksMissing(tasksExtension);
  const { taskId } = message.params;
  if (typeof taskId !== "string") throw taskUnknown();
  let task: Task;
  try {
    task = carrier.host.options.cursors.open(taskId, useOf(carrier)) as Task;
  } catch (error) {
    throw error instanceof Fault ? taskUnknown() : error;
  }
  const tool = model.tools.get(task.tool)?.task;
  if (tool === undefined || carrier.host.clock.now() >= task.createdAt + limits.taskMs) throw taskUnknown();
  return { task, tool, id: taskId };
}

function envelope(taskId: string, { createdAt }: Task, { now, taskMs, taskPollMs }: { now: number; taskMs: number; taskPollMs: number }) {
  const [created, updated] = [createdAt, now].map((at) => new Date(at).toISOString());
  return { taskId, createdAt: created, lastUpdatedAt: updated, ttlMs: taskMs, pollIntervalMs: taskPollMs };
}

function useOf({ tenant, actorId }: RunningExecution) {
  return { operation: "plimsoll mcp task", tenant, actor: actorId, filter: null };
}
