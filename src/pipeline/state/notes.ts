import { limits } from "../../core/limits.ts";
import { entriesOf } from "../../core/value/thrown.ts";
import { hideSecrets } from "./hidden-secrets.ts";
import type { RunningExecution } from "./running-execution.ts";

/** Notes are only written down: none fails the work that makes it. */
export function addNotes(execution: RunningExecution, given: unknown): void {
  // Without a prototype: a note may have any name.
  execution.notes ??= Object.create(null) as Record<string, unknown>;
  const { notes } = execution;
  let room = limits.notes - Object.keys(notes).length;
  for (const [key, value] of entriesOf(given)) {
    const name = key.slice(0, limits.noteChars);
    if (!Object.hasOwn(notes, name) && room-- <= 0) return;
    const shown = hideSecrets(execution, value);
    notes[name] = typeof shown === "string" && shown.length > limits.noteChars ? `${shown.slice(0, limits.noteChars)}…` : shown;
  }
}
