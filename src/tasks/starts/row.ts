import { createHash } from "node:crypto";
import { type Duration, toMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import { canonicalJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import { writeInput } from "../../core/schema/made.ts";
import { Problems } from "../../core/schema.ts";
import type { StartContext, StartOptions } from "../../operation/durable/start.ts";
import { invalidInput } from "../../pipeline/faults.ts";
import { writeContext } from "../context.ts";
import { isPriority, type TaskDefinition } from "../definition.ts";
import type { TaskKey, TaskRow } from "../ports/start-store.ts";

const fairnessKeyChars = 255;
const keyPattern = /^[\x21-\x7e]{1,255}$/;

/**
 * Makes the row of a task that is started.
 * *Faults thrown*: `invalid_argument` where the input does not match, is too large, or an option is out of bounds.
 */
export function taskRow(
  definition: TaskDefinition,
  start: {
    readonly id: string;
    readonly from: Omit<StartContext, "transaction" | "toWake">;
    readonly input: unknown;
    readonly options: StartOptions;
    /** Whose key it is. Those of schedules stand apart: a key that a caller chose must not take the place of an occurrence. *Default*: `caller`. */
    readonly keyOf?: "caller" | "schedule";
  },
): TaskRow {
  const { id, from, options, keyOf = "caller" } = start;
  const { compiled, name, queue, fairnessKey } = definition;
  const parsed = compiled.input.parse(start.input);
  if (parsed instanceof Problems) throw invalidInput(parsed.list, parsed.more);
  const input = writeInput(start.input, parsed);
  if (input.length * 3 > limits.taskInputBytes && Buffer.byteLength(input) > limits.taskInputBytes)
    throw tooLarge(name, Buffer.byteLength(input));
  const { priority = definition.priority, key, delay, at } = options;
  if (!isPriority(priority)) throw refusedOption(name, "priority", "Write a whole number from 0 to 9.");
  return {
    ...{ id, name, queue, priority, input, capped: definition.maxPerKey !== undefined },
    fairnessKey: fairnessKey === "tenant" ? (from.tenant ?? "") : fairnessKey(parsed).slice(0, fairnessKeyChars),
    context: writeContext({ tenant: from.tenant, actor: from.actorId, trace: from.traceparent, criticality: from.criticality }),
    ...(delay !== undefined && { delayMs: delayOf(name, delay) }),
    ...(at !== undefined && { at: atOf(name, at) }),
    ...(key !== undefined && { unique: uniqueOf(definition, { key, keyOf, input: start.input, tenant: from.tenant }) }),
  };
}

function uniqueOf(
  { name, keyMs }: TaskDefinition,
  { key, keyOf, input, tenant = "" }: { key: string; keyOf: "caller" | "schedule"; input: unknown; tenant: string | undefined },
): TaskKey {
  if (!keyPattern.test(key)) throw refusedOption(name, "key", "Write 1 to 255 printable ASCII characters without spaces.");
  const parts = [name, tenant, key, ...(keyOf === "schedule" ? [keyOf] : [])].map((part) => `${part.length}:${part}`);
  return { id: hash(parts.join("|")), inputHash: hash(canonicalJson(input ?? null)), ttlMs: keyMs };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function delayOf(name: string, delay: Duration): number {
  const ms = toMs(delay);
  if (ms > limits.taskTtlMs * 52) throw refusedOption(name, "delay", "Write a duration of at most a year.");
  return ms;
}

function atOf(name: string, at: Date): number {
  const ms = at.getTime();
  if (!Number.isFinite(ms)) throw refusedOption(name, "at", "Give a valid Date.");
  return ms;
}

const refusedOption = (name: string, option: string, fix: string): Fault =>
  new Fault({ code: "invalid_argument", type: "task_option_invalid", message: `${option} of a start of ${name} is refused. ${fix}` });

const tooLarge = (name: string, bytes: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "task_too_large",
    message: `The input of ${name} has ${bytes} bytes, and ${limits.taskInputBytes} are allowed. Store what is large, and give the task its id.`,
    details: { limit: "task input bytes", value: limits.taskInputBytes, load: bytes },
  });
