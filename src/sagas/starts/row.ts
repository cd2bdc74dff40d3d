import { createHash } from "node:crypto";
import { type Duration, toMs } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import { canonicalJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import { writeInput } from "../../core/schema/made.ts";
import { Problems } from "../../core/schema.ts";
import type { StartContext, StartOptions } from "../../operation/durable/start.ts";
import { invalidInput } from "../../pipeline/faults.ts";
import { writeContext } from "../../tasks/context.ts";
import type { SagaDefinition } from "../definition.ts";
import type { SagaRow } from "../ports/store.ts";

/** What keys of starts and of signals are made of. */
export const keyPattern = /^[\x21-\x7e]{1,255}$/;

/** What a saga is started with. */
export interface SagaStart {
  readonly id: string;
  readonly from: Omit<StartContext, "transaction" | "toWake">;
  readonly input: unknown;
  readonly options: StartOptions;
  /** Whose key it is: one that a caller chose must not take the place of an occurrence. *Default*: `caller`. */
  readonly keyOf?: "caller" | "schedule" | "child";
}

/**
 * Makes the row of a saga that is started.
 * *Faults thrown*: `invalid_argument` where the input does not match, is too large, or an option is out of bounds.
 */
export function sagaRow(definition: SagaDefinition, { id, from, input: given, options, keyOf = "caller" }: SagaStart): SagaRow {
  const { compiled, name, version, bodies } = definition;
  const parsed = compiled.input.parse(given);
  if (parsed instanceof Problems) throw invalidInput(parsed.list, parsed.more);
  const input = writeInput(given, parsed);
  if (input.length * 3 > limits.sagaInputBytes && Buffer.byteLength(input) > limits.sagaInputBytes)
    throw tooLarge(name, Buffer.byteLength(input));
  const { key, delay, at } = options;
  return {
    ...{ id, name, version, input, budgetMs: compiled.limits.deadlineMs, code: bodies.get(version)?.digest ?? "" },
    context: writeContext({ tenant: from.tenant, actor: from.actorId, trace: from.traceparent, criticality: from.criticality }),
    ...(delay !== undefined && { delayMs: delayOf(name, delay) }),
    ...(at !== undefined && { at: atOf(name, at) }),
    ...(key !== undefined && { unique: uniqueOf(name, { key, keyOf, input: given, tenant: from.tenant }) }),
  };
}

function uniqueOf(
  name: string,
  { key, keyOf, input, tenant = "" }: { key: string; keyOf: "caller" | "schedule" | "child"; input: unknown; tenant: string | undefined },
): NonNullable<SagaRow["unique"]> {
  if (!keyPattern.test(key)) throw refusedOption(name, "key", "Write 1 to 255 printable ASCII characters without spaces.");
  const parts = [name, tenant, key, ...(keyOf === "caller" ? [] : [keyOf])].map((part) => `${part.length}:${part}`);
  return { id: hash(parts.join("|")), inputHash: hash(canonicalJson(input ?? null)) };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function delayOf(name: string, delay: Duration): number {
  const ms = toMs(delay);
  if (ms > limits.sagaDeadlineMs) throw refusedOption(name, "delay", "Write a duration of at most a year.");
  return ms;
}

function atOf(name: string, at: Date): number {
  const ms = at.getTime();
  if (!Number.isFinite(ms)) throw refusedOption(name, "at", "Give a valid Date.");
  return ms;
}

const refusedOption = (name: string, option: string, fix: string): Fault =>
  new Fault({ code: "invalid_argument", type: "saga_option_invalid", message: `${option} of a start of ${name} is refused. ${fix}` });

const tooLarge = (name: string, bytes: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "saga_too_large",
    message: `The input of ${name} has ${bytes} bytes, and ${limits.sagaInputBytes} are allowed. Store what is large, and give the saga its id.`,
    details: { limit: "saga input bytes", value: limits.sagaInputBytes, load: bytes },
  });
