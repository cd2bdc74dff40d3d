import { hash } from "node:crypto";
import { codes } from "../../core/code.ts";
import { Fault } from "../../core/fault.ts";
import { canonicalJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import type { Claim, ClaimResult, ShortenedKey, StoredReply } from "../../operation/transaction.ts";
import { keyInvalid, keyMismatch, keyMissing, keyRunning } from "../faults.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { ShapedOutput } from "../state/output.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** What is asked for under a key. */
export interface KeyedCall {
  /** The input as it was sent. What was parsed may hold a value that the schema made, and then no retry would be the same request. */
  readonly sent: unknown;
  readonly key: string | undefined;
  /** Made by the platform for a call inside an execution. It has a namespace of its own, so that no caller can be there first. */
  readonly derived?: boolean;
  /** *Default*: the execution's own. */
  readonly tenant?: string | undefined;
}

/**
 * Turns a request's key into a claim: the scope is tenant, actor and operation, or the declared input field of a public operation.
 * *Faults thrown*: `invalid_argument` where a needed key is missing or none.
 */
export function claimOf(execution: RunningExecution, compiled: CompiledOperation, call: KeyedCall): Claim | undefined {
  const { key: declared } = compiled;
  if (declared === "none") return undefined;
  const { sent, key, derived = false, tenant = execution.tenant ?? "" } = call;
  if (key === undefined) throw keyMissing(compiled.name);
  if (key.length > limits.idempotencyKeyChars || !/^[\x21-\x7e]+$/.test(key)) throw keyInvalid(limits.idempotencyKeyChars);
  const scope = declared === "required" ? execution.actor.id : canonicalJson((sent as Record<string, unknown>)[declared.field]);
  // Lengths keep ("ab", "c") and ("a", "bc") apart.
  const parts = [tenant, scope, compiled.name, key, ...(derived ? ["derived"] : [])].map((part) => `${part.length}:${part}`);
  return {
    id: digestOf(parts.join("|")).subarray(0, 16),
    inputHash: digestOf(canonicalJson(sent)),
    ttlMs: compiled.limits.idempotencyTtlMs,
  };
}

/**
 * The claim of a call that durable work makes. The work may run again after any time: until it is done, its record is kept for `limits.derivedKeyMs`, so that the call
 * takes effect once. `made`: where its key goes; *default*: to those of the execution.
 */
export function lastingClaim(claim: Claim, execution: RunningExecution, made?: ShortenedKey[]): Claim {
  if (made === undefined) execution.made ??= [];
  (made ?? execution.made)?.push({ id: claim.id, ttlMs: claim.ttlMs });
  return { ...claim, ttlMs: Math.max(claim.ttlMs, limits.derivedKeyMs) };
}

/** Durable work is done: nothing calls again, and the records of its calls are kept for as long as those of others. */
export function workDone(execution: RunningExecution, made: readonly ShortenedKey[] | undefined): void {
  if (made !== undefined && made.length > 0 && !execution.settled) execution.host.database?.shortenKeys?.(made);
}

/** As hexadecimal digits in between it takes a third of the time of a hash object. */
function digestOf(text: string): Buffer {
  return Buffer.from(hash("sha256", text, "hex"), "hex");
}

/** What a record keeps of a success: the output as JSON, which every surface can reply with, and what one said beside it. */
export function storedSuccess({ json, head }: ShapedOutput, sealed: string | undefined): StoredReply {
  if (sealed !== undefined) return { outcome: "ok", body: json, head: JSON.stringify({ ...(head as object | undefined), sealed }) };
  return { outcome: "ok", body: json, head: head === undefined ? null : JSON.stringify(head) };
}

/** What a record keeps of a fault: all that a caller is shown, so that a replay needs nothing of the code that wrote it. */
export function storedFailure({ type: outcome, code, status, message, retryAfterMs, details }: Fault): StoredReply {
  return { outcome, body: JSON.stringify(details ?? null), head: JSON.stringify({ code, status, message, retryAfterMs }) };
}

/** The earlier reply with this key, which `unseal` gets the sealed part of, or the fault that it ended with, or why there is none. */
export function replayed(
  compiled: CompiledOperation,
  result: Exclude<ClaimResult, { state: "claimed" }>,
  unseal?: (sealed: string) => void,
): ShapedOutput {
  if (result.state === "running") throw keyRunning();
  if (result.state === "mismatch") throw keyMismatch();
  const { outcome, body, head } = result.reply;
  if (outcome === "ok") {
    const output = new ShapedOutput(compiled, undefined, body);
    if (head === null) return output;
    const { sealed, ...said } = JSON.parse(head);
    if (sealed !== undefined) unseal?.(sealed);
    if (sealed === undefined || Object.keys(said).length > 0) output.head = said;
    return output;
  }
  const fault = new Fault({ ...JSON.parse(head ?? "{}"), type: outcome, details: JSON.parse(body) });
  const declared = compiled.faults.get(outcome);
  // Callers in this process tell it apart by its class, whose constructor may ask for more than the record has.
  if (declared !== undefined) Object.setPrototypeOf(fault, declared.prototype);
  throw fault;
}

/** Whether a record keeps the fault: declared by the operation, and of a code that a retry would not change. */
export function isStored(compiled: CompiledOperation, thrown: unknown): thrown is Fault {
  return thrown instanceof Fault && thrown.constructor !== Fault && compiled.faults.has(thrown.type) && codes[thrown.code].stored;
}
