import assert from "node:assert";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Claim, StoredReply, Transaction } from "../../operation/transaction.ts";
import { detailsTooLarge, invalidDetails, replyTooLarge } from "../faults.ts";
import type { CompiledOperation } from "../registry/compiled.ts";
import { committedBefore } from "../sourcing/positions.ts";
import type { ShapedOutput } from "../state/output.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { unsealCredentials } from "../state/sealed-credentials.ts";
import { isStored, replayed, storedFailure } from "./idempotency.ts";

/** Refuses a reply that is too large to be kept: it could not be given again, so that what was done is undone instead. */
export function refuseLarge({ name }: CompiledOperation, body: string): void {
  const bytes = oversize(body);
  if (bytes !== undefined) throw replyTooLarge(name, { bytes, limit: limits.idempotencyReplyBytes });
}

/** The bytes of what is more than a record may keep; undefined where it fits. */
function oversize(body: string): number | undefined {
  // A character takes three bytes at the most, so that what is small need not be measured.
  if (body.length * 3 <= limits.idempotencyReplyBytes) return undefined;
  const bytes = Buffer.byteLength(body);
  return bytes > limits.idempotencyReplyBytes ? bytes : undefined;
}

/** A handler failed: an earlier reply with the same key goes first, a declared fault that would not change is kept, anything else leaves no trace. */
export async function endWithFault(
  transaction: Transaction,
  end: {
    readonly execution: RunningExecution;
    readonly compiled: CompiledOperation;
    readonly claim: Claim | undefined;
    readonly error: unknown;
  },
): Promise<ShapedOutput> {
  const { compiled, error, claim, execution } = end;
  if (claim !== undefined && !execution.settled) {
    // If the claim of the key cannot be read any more, the handler's failure is the reason and is reported.
    const claimed = await transaction.claimed().catch(() => undefined);
    if (claimed !== undefined && claimed.state !== "claimed") return endUnclaimed(execution, { compiled, transaction, claim, claimed });
    if (claimed !== undefined && isStored(compiled, error) && !execution.settled) return endWithStored(transaction, compiled, error);
  }
  await transaction.rollback();
  throw error;
}

async function endWithStored(transaction: Transaction, { name }: CompiledOperation, fault: Fault): Promise<never> {
  const limit = limits.idempotencyReplyBytes;
  let reply: StoredReply;
  try {
    reply = storedFailure(fault);
    const bytes = oversize(reply.body) ?? oversize(reply.head ?? "");
    if (bytes !== undefined) throw detailsTooLarge(name, { fault, bytes, limit });
  } catch (cause) {
    await transaction.rollback();
    throw cause instanceof Fault ? cause : invalidDetails(name, fault, cause);
  }
  await transaction.commitFault(reply);
  throw fault;
}

/** Ends a run whose key is not its own: with the earlier reply, or with why there is none. */
export async function endUnclaimed(
  execution: RunningExecution,
  end: {
    readonly compiled: CompiledOperation;
    readonly transaction: Transaction;
    readonly claim: Claim;
    readonly claimed: Awaited<ReturnType<Transaction["claimed"]>>;
  },
): Promise<ShapedOutput> {
  await end.transaction.rollback();
  assert(end.claimed.state !== "claimed");
  // Only for the operation of the request: a replayed inner call does not make the whole response a replay.
  if (end.compiled === execution.compiled) execution.replayed = end.claimed.state === "replay";
  if (end.claimed.state === "replay") await committedBefore(execution);
  return replayed(end.compiled, end.claimed, (sealed) => unsealCredentials(execution, end, sealed));
}
