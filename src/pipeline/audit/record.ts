import assert from "node:assert";
import { toFault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { Problems } from "../../core/schema.ts";
import { attempt } from "../../core/value/thrown.ts";
import type { AuditEntry, AuditRow } from "../../operation/audit/log.ts";
import type { Transaction } from "../../operation/transaction.ts";
import { visibleFault } from "../faults.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { toWake } from "../run/started.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import type { CompiledAudit } from "./compiled-audit.ts";
import { invalidState, invalidSubject, tooLarge, tooManyRecords } from "./faults.ts";

/** The run of an audited command. */
export interface AuditedRun {
  readonly compiled: CompiledOperation;
  readonly audit: CompiledAudit;
  readonly input: unknown;
  readonly tenant: string | undefined;
}

const buffers = new WeakMap<Transaction, AuditRow[]>();

/** Reads the state of which a record has what was before and after; null where there is none. */
export async function readState({ compiled, audit, input }: Omit<AuditedRun, "tenant">, scope: unknown): Promise<string | null> {
  const { state } = audit;
  if (state === undefined) return null;
  const value = await state.read(input as never, scope as never);
  if (value === undefined || value === null) return null;
  const text = state.schema.stringify(value);
  if (text instanceof Problems) throw invalidState(compiled.name, text);
  return state.schema.hasSecrets ? JSON.stringify(state.schema.redact(JSON.parse(text))) : text;
}

/**
 * Adds the record of a command whose handler has returned to what the final flight of its transaction writes, in one statement for all of them.
 * *Faults thrown*: `internal` of type `audit_refused`; then the transaction cannot commit.
 */
export function recordRun(
  execution: RunningExecution,
  run: AuditedRun & Pick<AuditEntry, "before" | "after"> & { readonly transaction: Transaction },
): void {
  const { transaction, before, after, compiled } = run;
  const { audit: log } = execution.host;
  assert(log !== undefined, `${compiled.name} is audited, and this app keeps no audit trail. Give createApp audit: { key }.`);
  try {
    for (const [what, text] of [["state before", before] as const, ["state after", after] as const]) assertFits(compiled.name, what, text);
    const row = log.rowOf({ ...entryOf(execution, run), outcome: "ok", fault: null, before, after });
    const rows = buffers.get(transaction) ?? [];
    if (rows.length === 0 && !buffers.has(transaction)) {
      buffers.set(transaction, rows);
      transaction.defer(log.append(rows));
    }
    if (rows.length >= limits.auditRecords) throw tooManyRecords(compiled.name);
    rows.push(row);
    transaction.onUndo(() => void rows.splice(rows.indexOf(row), 1));
    toWake(execution, log).add("audit");
  } catch (error) {
    // What is not recorded is not done, also where the caller of the command catches that.
    transaction.doom(error);
    throw error;
  }
}

/** Records that an audited command was refused or failed, where it declares that. A record that cannot be made is left out: the caller gets the fault. */
export function recordRefusal(execution: RunningExecution, run: AuditedRun, thrown: unknown): void {
  const { audit: log } = execution.host;
  if (log === undefined || !run.audit.recordsRefusals) return;
  const { code, type } = visibleFault(run.compiled, toFault(thrown));
  const about = attempt(() => entryOf(execution, run)) ?? entryOf(execution, { ...run, input: undefined });
  log.refused({ ...about, outcome: code, fault: type, before: null, after: null });
}

/** Records that an execution was refused or failed, where its operation is audited. */
export function recordRefused(execution: RunningExecution, thrown: unknown): void {
  const { compiled, input, sent, tenant } = execution;
  // Until it is parsed, the input is what was sent, and may be anything.
  if (compiled.audit !== undefined)
    recordRefusal(execution, { compiled, audit: compiled.audit, input: sent === undefined ? undefined : input, tenant }, thrown);
}

function entryOf(
  execution: RunningExecution,
  { compiled, audit, input, tenant }: AuditedRun,
): Omit<AuditEntry, "outcome" | "fault" | "before" | "after"> {
  const { actor, requestId, traceId, invocation } = execution;
  const kept = audit.keepsInput && input !== undefined ? JSON.stringify(compiled.input.redact(input)) : null;
  assertFits(compiled.name, "input", kept);
  return {
    ...{ tenant, operation: compiled.name, subject: subjectOf(compiled.name, audit, input) },
    ...{ actor: actor.kind === "anonymous" ? null : actor.id, actorKind: actor.kind, address: invocation.address ?? null },
    ...{ request: requestId, trace: traceId, input: kept },
  };
}

function subjectOf(operation: string, { subject }: CompiledAudit, input: unknown): string | null {
  if (subject === undefined || input === undefined) return null;
  const value: unknown = attempt(() => subject(input as never));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it refuses.
  const isText = typeof value === "string" && value.isWellFormed() && !/[\x00-\x1f\x7f]/.test(value);
  if (!isText || value.length < 1 || value.length > limits.auditSubjectChars) throw invalidSubject(operation);
  return value;
}

function assertFits(operation: string, what: string, text: string | null): void {
  const bytes = text === null ? 0 : Buffer.byteLength(text);
  if (bytes > limits.auditBytes) throw tooLarge(operation, { what, bytes });
}
