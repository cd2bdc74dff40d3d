import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";

/** *Faults*: `saga_step_invalid`. */
export const nameInvalid = (name: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "saga_step_invalid",
    message: `"${name.slice(0, 100)}" is not the name of a step. Write 1 to ${limits.sagaStepChars} printable ASCII characters without spaces.`,
  });

/** *Faults*: `saga_step_repeated`. */
export const nameRepeated = (name: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "saga_step_repeated",
    message: `The saga has two steps with the name "${name}", and a step is known by its name. Rename one; in a loop, add its index.`,
  });

/** *Faults*: `saga_journal_full`. */
export const journalFull = (limit: string, value: number): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "saga_journal_full",
    message: `The limit "${limit}" of ${value} is reached. End the saga sooner, or let it continue as new with continueAsNew.`,
    details: { limit, value },
  });

/** *Faults*: `saga_output_too_large`. */
export const outputTooLarge = (name: string, bytes: number): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "saga_output_too_large",
    message: `The output of the step "${name}" has ${bytes} bytes as JSON, and ${limits.sagaOutputBytes} are allowed. Store it, and return its id.`,
  });

/** *Faults*: `saga_step_timeout`. */
export const stepTimedOut = (name: string, ms: number): Fault =>
  new Fault({
    code: "deadline_exceeded",
    type: "saga_step_timeout",
    message: `The step "${name}" took longer than ${ms} ms. Make it faster, or give it a longer timeout.`,
  });

/** *Faults*: `saga_deadline`. */
export const sagaLate = (name: string): Fault =>
  new Fault({
    code: "deadline_exceeded",
    type: "saga_deadline",
    message: `${name} did not end within the deadline of its budget, so its steps are undone. Raise the deadline, or wait for less.`,
  });

/** *Faults*: `saga_undo_unknown`. */
export const undoUnknown = (names: readonly string[]): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "saga_undo_unknown",
    message: `These steps were done, and the code does not say how they are undone any more: ${names.join(", ")}. Undo them by hand and skip, or deploy the code that has them and retry.`,
  });

/** *Faults*: `saga_code_changed`. */
export const codeChanged = (name: string, recorded: readonly string[]): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "saga_code_changed",
    message: `The code asks for the step "${name}", which the code that the saga was started with did not have, and it has no step any more that is recorded: ${recorded.map((one) => `"${one}"`).join(", ")}. Where it is a new name, write renamed: { "${name}": "${recorded[0]}" }; otherwise keep the old code as an earlier version. Then retry.`,
  });

/** *Faults*: `saga_signal_unreadable`. */
export const signalUnreadable = (saga: string, name: string, problems: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "saga_signal_unreadable",
    message: `The data of the signal ${name}, which was stored earlier, do not match its schema in ${saga} any more: ${problems}. Deploy a schema that takes them and retry, or skip with data in their place.`,
  });

/** *Faults*: `saga_not_repeatable`. */
export const notRepeatable = (what: string): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "saga_not_repeatable",
    message: `The body of the saga was run again from its journal, as after a crash, and did otherwise: ${what}. Move what differs between runs, such as the time or a random number, into a step.`,
  });

const personTypes: ReadonlySet<string> = new Set([
  ...[
    "saga_step_invalid",
    "saga_step_repeated",
    "saga_journal_full",
    "saga_output_too_large",
    "saga_undo_unknown",
    "promise_not_awaited",
    "saga_code_changed",
    "saga_not_repeatable",
    "saga_signal_unreadable",
  ],
]);

/** Whether a fault is of the code of the saga itself, which undoing its steps would not help: a person decides. */
export function needsPerson({ type }: Fault): boolean {
  return personTypes.has(type);
}
