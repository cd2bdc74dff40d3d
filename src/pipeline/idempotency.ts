import { createHash } from "node:crypto";
import { codes } from "../core/code.ts";
import { Fault } from "../core/fault.ts";
import { canonicalJson } from "../core/json.ts";
import { limits } from "../core/limits.ts";
import type { Claim, ClaimResult } from "../operation/transaction.ts";
import type { CompiledOperation } from "./compiled.ts";
import { keyInvalid, keyMismatch, keyMissing, keyRunning, storedFault } from "./refusals.ts";
import type { RunningExecution } from "./running-execution.ts";

/**
 * Turns a request's key into a claim: the scope is tenant, actor and operation, or the declared input field of a public operation.
 * *Faults thrown*: `invalid_argument` where a needed key is missing or none.
 */
export function claimOf(
  execution: RunningExecution,
  compiled: CompiledOperation,
  call: { readonly input: unknown; readonly key?: string | undefined },
): Claim | undefined {
  const { key: declared } = compiled;
  if (declared === "none") return undefined;
  const key = call.key;
  if (key === undefined) throw keyMissing(compiled.name);
  if (key.length > limits.idempotencyKeyChars || !/^[\x21-\x7e]+$/.test(key)) throw keyInvalid(limits.idempotencyKeyChars);
  const { tenant = "", actor } = execution;
  const scope = declared === "required" ? actor.id : String((call.input as Record<string, unknown>)[declared.field]);
  // Lengths keep ("ab", "c") and ("a", "bc") apart.
  const parts = [tenant, scope, compiled.name, key].map((part) => `${part.length}:${part}`);
  return {
    id: createHash("sha256").update(parts.join("|")).digest().subarray(0, 16),
    inputHash: createHash("sha256").update(canonicalJson(call.input)).digest(),
    ttlMs: compiled.limits.idempotencyTtlMs,
  };
}

/** The body of the earlier reply with this key, or the fault that it ended with, or why there is none. */
export function replayed(compiled: CompiledOperation, result: Exclude<ClaimResult, { state: "claimed" }>): string {
  if (result.state === "running") throw keyRunning();
  if (result.state === "mismatch") throw keyMismatch();
  const { outcome, body } = result.reply;
  if (outcome === "ok") return body;
  const declared = compiled.faults.get(outcome);
  if (declared === undefined)
    throw new Fault({
      code: "failed_precondition",
      type: outcome,
      message: `The request with this Idempotency-Key ended with ${outcome}.`,
      details: JSON.parse(body),
    });
  throw storedFault(declared, body);
}

/** Whether a record keeps the fault: declared by the operation, and of a code that a retry would not change. */
export function isStored(compiled: CompiledOperation, thrown: unknown): thrown is Fault {
  return thrown instanceof Fault && thrown.constructor !== Fault && compiled.faults.has(thrown.type) && codes[thrown.code].stored;
}
