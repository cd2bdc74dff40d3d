import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Problem } from "../../core/schema/standard.ts";
import { Problems } from "../../core/schema.ts";
import type { SignalOptions } from "../../operation/durable/start.ts";
import type { SagaDefinition } from "../definition.ts";
import { keyPattern } from "./row.ts";

/** What became known of a signal when it was sent. */
export type SignalOutcome = "sent" | "ended" | "unknown" | "full";

/**
 * Checks a signal as the saga will read it, and returns the JSON of its data, as they were sent.
 * *Faults thrown*: `invalid_argument` of type `saga_signal_undeclared`, `saga_option_invalid`, `saga_signal_too_large` or `saga_signal_invalid`.
 */
export function signalData({ name: saga, compiled }: SagaDefinition, { name, payload = null, key }: SignalOptions): string {
  const schema = compiled.signals.get(name);
  if (schema === undefined) throw undeclared(saga, name, [...compiled.signals.keys()]);
  if (key !== undefined && !keyPattern.test(key)) throw invalidKey(saga, name);
  const json = JSON.stringify(payload) ?? "null";
  const bytes = Buffer.byteLength(json);
  if (bytes > limits.sagaOutputBytes) throw tooLarge(saga, name, bytes);
  const parsed = schema.parse(JSON.parse(json));
  if (parsed instanceof Problems) throw invalidData(saga, name, parsed.list);
  return json;
}

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

const undeclared = (saga: string, name: string, declared: readonly string[]): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "saga_signal_undeclared",
    message: `${saga} declares no signal ${JSON.stringify(name).slice(0, 200)}, but ${declared.length === 0 ? "none" : declared.join(", ")}. Send one that it declares, or add the name to its signals.`,
  });

const invalidKey = (saga: string, name: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "saga_option_invalid",
    message: `key of the signal ${name} of ${saga} is refused. Write 1 to 255 printable ASCII characters without spaces.`,
  });

const invalidData = (saga: string, name: string, problems: readonly Problem[]): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "saga_signal_invalid",
    message: `The signal ${name} of ${saga} was not sent, because its data do not match its schema: ${inOneLine(problems)}. Send what the saga declares.`,
    details: { problems },
  });

const tooLarge = (saga: string, name: string, bytes: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "saga_signal_too_large",
    message: `The signal ${name} of ${saga} has ${bytes} bytes as JSON, and ${limits.sagaOutputBytes} are allowed. Store what is large, and send its id.`,
    details: { limit: "saga output bytes", value: limits.sagaOutputBytes, load: bytes },
  });

/** The first problems, each with its field. */
export function inOneLine(problems: readonly Problem[]): string {
  return problems
    .slice(0, 5)
    .map(({ pointer, message }) => `${pointer || "/"}: ${message.replace(/\.$/, "")}`)
    .join("; ");
}

const hasEnded = (id: string): Fault =>
  new Fault({ code: "failed_precondition", type: "saga_ended", message: `The saga ${id} has ended, and takes no signal any more.` });

const signalsFull = (id: string): Fault =>
  new Fault({
    code: "resource_exhausted",
    type: "saga_signals_full",
    message: `${limits.sagaSignals} signals wait for the saga ${id}, as many as may. Have it take them, or send fewer.`,
    details: { limit: "saga signals", value: limits.sagaSignals },
  });
