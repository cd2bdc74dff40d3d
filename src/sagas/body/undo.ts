import { Fault } from "../../core/fault.ts";
import type { Body } from "./body.ts";
import { undoUnknown } from "./faults.ts";
import type { AskedStep, Journal } from "./journal.ts";
import { type KeptFault, writeFault } from "./kept-fault.ts";
import { mayHaveHappened } from "./outcome.ts";
import type { BodyEnd, RunHost } from "./run-host.ts";

type UndoEnd = Extract<BodyEnd, { kind: "parked" | "suspended" | "released" | "lost" }> | { readonly kind: "undone" };

/** The steps that are to be undone, the last first: those that were done, and those that may have happened. */
export function stepsToUndo(journal: Journal): readonly AskedStep[] {
  return [...journal.asked.values()].reverse().filter(({ name, undo }) => {
    if (undo === undefined) return false;
    const row = journal.get(name);
    if (row?.state === "undone") return false;
    return row?.state !== "failed" || mayHaveHappened(codeOf(row.fault));
  });
}

/** Undoes steps, one after the other; each is recorded before the next begins. */
export async function undoSteps(body: Body, host: RunHost): Promise<UndoEnd> {
  const { journal } = body;
  const unknown = [...journal.steps].filter(({ name, undoable, state }) => {
    return undoable && state !== "undone" && journal.asked.get(name)?.undo === undefined;
  });
  if (unknown.length > 0) return { kind: "suspended", fault: writeFault(undoUnknown(unknown.map(({ name }) => name))) };
  try {
    for (const step of stepsToUndo(journal)) {
      const end = await undoStep(body, host, step);
      if (end !== undefined) return end;
      await host.recorded();
    }
  } catch (error) {
    if (error instanceof Fault && error.type === "lease_lost") return { kind: "lost" };
    throw error;
  }
  return { kind: "undone" };
}

/** Returns undefined where the step is undone. */
async function undoStep(body: Body, host: RunHost, { name, kind, undo }: AskedStep): Promise<UndoEnd | undefined> {
  const row = body.journal.get(name);
  const isAgain = row?.state === "undo_retryable";
  if (isAgain && (row.dueMs ?? 0) > 0) return { kind: "parked", state: "retryable" };
  if (!host.isOpen()) return { kind: "released" };
  const output = row?.output == null ? undefined : JSON.parse(row.output);
  const end = await body.attempts.run({
    ...{
      name,
      kind,
      output,
      retry: host.definition.retry,
      undoable: true,
      becomes: "undone" as const,
      attempt: isAgain ? row.attempt + 1 : 1,
    },
    work: (scope) => undo?.(scope as never) ?? Promise.resolve(),
  });
  const { attempt } = end;
  if (end.kind === "released" || end.kind === "lost") return { kind: end.kind };
  if (end.kind === "done") return end.recorded ? undefined : void host.record({ name, kind, state: "undone", attempt, undoable: true });
  const delayMs = end.kind === "retryable" ? end.delayMs : 0;
  host.record({ name, kind, state: "undo_retryable", attempt: end.kind === "retryable" ? attempt : 0, undoable: true, delayMs });
  return end.kind === "retryable" ? { kind: "parked", state: "retryable" } : { kind: "suspended", fault: writeFault(end.fault, name) };
}

function codeOf(fault: string | null): string {
  return fault === null ? "internal" : (JSON.parse(fault) as KeptFault).code;
}
