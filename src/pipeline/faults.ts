import { Fault, refusal } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { Problem } from "../core/schema/standard.ts";
import type { Problems } from "../core/schema.ts";
import { messageOf } from "../core/value/thrown.ts";
import { describeAccess } from "../operation/access.ts";
import type { Actor, AuthenticationScheme } from "../operation/actor.ts";
import type { UnstorableProblem } from "../operation/transaction.ts";
import type { CompiledOperation } from "./registry/compiled.ts";

// The faults that the platform itself returns. Each says what happened and what to do next.

/** A rate that is reached, as its refusal says it. */
export interface ReachedRate {
  readonly limit: string;
  /** Requests per `periodMs`. */
  readonly value: number;
  readonly burst: number;
  readonly periodMs: number;
  /** Until the next one is allowed. *Units*: milliseconds. */
  readonly waitMs: number;
  /** What happened, for the caller. */
  readonly sentence: string;
}

/**
 * Refuses a caller above a rate. `random`, in [0, 1), spreads those who are refused at the same time over a second, or over a quarter of a longer wait.
 * *Faults*: `rate_limited`.
 */
export function rateLimited({ limit, value, burst, periodMs, waitMs, sentence }: ReachedRate, random: number): Fault {
  const wait = Math.ceil(waitMs);
  const retryAfterMs = waitMs + random * Math.max(limits.rateRetrySpreadMs, waitMs / 4);
  const message = `${sentence} Wait ${wait} ms, and send fewer at once.`;
  const details = { limit, value, load: value, burst, periodMs, waitMs: wait };
  return refusal({ code: "resource_exhausted", type: "rate_limited", message, details, retryAfterMs });
}

/** Refuses an input that its schema refuses. *Faults*: `invalid_input` with the problems. */
export function invalidInput(problems: readonly Problem[], more = false): Fault {
  const count = `${more ? "At least " : ""}${problems.length === 1 ? "one value is" : `${problems.length} values are`}`;
  return new Fault({
    code: "invalid_argument",
    type: "invalid_input",
    message: `${count[0]!.toUpperCase()}${count.slice(1)} invalid. Fix what "problems" lists, and send the request again.`,
    details: { problems },
  });
}

/** One line of the first problems: a reader fixes them one after the other. */
function inOneLine({ list, more }: Problems): string {
  const shown = list.slice(0, 10).map(({ pointer, message }) => `${pointer || "/"}: ${message}`);
  return shown.join("; ") + (more || shown.length < list.length ? "; and more" : "");
}

/** A value passed the input's schema, and the database cannot keep it. */
export function unstorableInput(pointers: readonly string[], { message, cause, isText }: UnstorableProblem): Fault {
  return new Fault({
    code: "invalid_argument",
    type: isText ? "text_unstorable" : "invalid_input",
    message: isText
      ? "A text has a character that cannot be stored, such as U+0000 or half a surrogate pair. Leave it out."
      : 'A value cannot be stored as it is; "problems" says where it stands.',
    details: { problems: pointers.map((pointer) => ({ pointer, message })) },
    cause,
  });
}

/** Reports an output that does not match its schema as a bug of the handler. *Faults*: `invalid_output`. */
export function invalidOutput(operation: string, problems: Problems): Fault {
  return new Fault({
    code: "internal",
    type: "invalid_output",
    message: `${operation} returned what its output schema does not allow: ${inOneLine(problems)}. Fix the handler or the schema.`,
  });
}

/** Refuses a response above `limits.idempotencyReplyBytes` where it would be stored under a key. *Faults*: `reply_too_large`. */
export function replyTooLarge(operation: string, { bytes, limit }: { readonly bytes: number; readonly limit: number }): Fault {
  return new Fault({
    code: "internal",
    type: "reply_too_large",
    message: `${operation} returned ${bytes} bytes, and a response that is stored under an idempotency key has at most ${limit}; nothing was committed. Return less, as ids that a query reads, or declare idempotent: "no" or "natural".`,
  });
}

/** Refuses details of a fault above `limits.idempotencyReplyBytes` where they would be stored under a key. *Faults*: `reply_too_large`. */
export function detailsTooLarge(
  operation: string,
  { fault, bytes, limit }: { readonly fault: Fault; readonly bytes: number; readonly limit: number },
): Fault {
  return new Fault({
    code: "internal",
    type: "reply_too_large",
    message: `${operation} ended with ${fault.type}, whose details have ${bytes} bytes, and a fault that is stored under an idempotency key has at most ${limit}; nothing was committed. Put less into its details, as ids that a query reads.`,
    cause: fault,
  });
}

/** Reports details without a JSON form, of a fault that would be stored under a key, as a bug. *Faults*: `invalid_output`. */
export function invalidDetails(operation: string, fault: Fault, cause: unknown): Fault {
  return new Fault({
    code: "internal",
    type: "invalid_output",
    message: `${operation} ended with ${fault.type}, whose details have no JSON form (${messageOf(cause)}); nothing was committed. Put only values into them that JSON can represent.`,
    cause: fault,
  });
}

/** Reports a row that does not match the schema in `sql(…)` as a bug. *Faults*: `invalid_row`. */
export function invalidRow(problems: Problems, row: Record<string, unknown>): Fault {
  return new Fault({
    code: "internal",
    type: "invalid_row",
    message: `A row does not match the schema named in sql(…): ${inOneLine(problems)}. Its columns are ${Object.keys(row).join(", ")}.`,
  });
}

/** Refuses an actor whom `access` does not admit. *Faults*: `token_missing` for an anonymous actor, otherwise `permission_denied`. */
export function denied(operation: CompiledOperation, actor: Actor, scheme: AuthenticationScheme): Fault {
  const needs = operation.access === "public" ? "nothing" : describeAccess(operation.access);
  if (actor.kind === "anonymous") return scheme.missing(needs);
  return refusal({ code: "permission_denied", message: `This operation needs ${needs}. Ask an administrator for access.` });
}

/** The response to an id that does not exist and to an id of another actor. */
export function notYours(): Fault {
  // Which operation asked is no concern of the caller's: it may be an inner one.
  return new Fault({
    code: "not_found",
    message: "What the request names does not exist, or belongs to another caller. Check the ids in the request.",
  });
}

/** Who signed in for one tenant and names another. */
export const otherTenant = (): Fault =>
  new Fault({
    code: "permission_denied",
    type: "other_tenant",
    message: "Your token is for another tenant. Leave the Authorization header out, or name the tenant of the token.",
  });

/** Who starts work for a tenant that is not his own. */
export const otherTenantStart = (task: string): Fault =>
  new Fault({
    code: "permission_denied",
    type: "other_tenant",
    message: `A start of ${task} names another tenant than its own, which only a task without a tenant may do. Leave the tenant out, or start ${task} from a scheduled task that has none.`,
  });

/** Who revokes for a tenant that is not their own. */
export const otherTenantRevocation = (operation: string): Fault =>
  new Fault({
    code: "permission_denied",
    type: "other_tenant",
    message: `${operation} revokes for another tenant than its own, which only an execution without a tenant may do. Leave the tenant out.`,
  });

/** A handler reads the actor, though several callers share what it returns. */
export const actorHidden = (operation: string): Fault =>
  new Fault({
    code: "internal",
    type: "actor_hidden",
    message: `${operation} reads the actor, and several callers share its output. Write cache: { per: "actor" }, or do not read the actor.`,
  });

/** Refuses a request without the key that its operation requires. *Faults*: `idempotency_key_missing`. */
export const keyMissing = (operation: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "idempotency_key_missing",
    message: `The request has no Idempotency-Key, by which ${operation} recognises a repeated request. Send a new UUID with each new request, and the same one with each retry.`,
  });

/** Refuses a key that is empty, too long or not printable ASCII. *Faults*: `idempotency_key_invalid`. */
export const keyInvalid = (limit: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "idempotency_key_invalid",
    message: `The Idempotency-Key does not have 1 to ${limit} printable ASCII characters without spaces. Send a UUID, for example.`,
  });

/** Refuses a repeated request while the first one runs. *Faults*: `idempotency_key_running`. */
export const keyRunning = (): Fault =>
  new Fault({
    code: "aborted",
    type: "idempotency_key_running",
    message: "A request with this Idempotency-Key is still running. Wait and send it again; you will get its response.",
    retryAfterMs: 1_000,
  });

/** Refuses a key that was used with another input. *Faults*: `idempotency_key_reused`. */
export const keyMismatch = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "idempotency_key_reused",
    status: 422,
    message: "This Idempotency-Key was used for another input. Use a new key for a new request.",
  });

/** A fault as callers may see it: what the platform threw and what the operation declares; anything else is a bug. */
export function visibleFault(operation: CompiledOperation, thrown: unknown): Fault {
  try {
    return seenFault(operation, thrown);
  } catch {
    // It cannot even be asked what it is: a Proxy whose traps throw.
    return hiddenFault(thrown, undefined);
  }
}

function seenFault(operation: CompiledOperation, thrown: unknown): Fault {
  // Only the operator sees the fault of what is durable.
  if (operation.traits.durable && thrown instanceof Fault) return thrown;
  if (thrown instanceof Fault && (thrown.constructor === Fault || operation.faults.has(thrown.type))) return thrown;
  const what =
    thrown instanceof Fault ? `${operation.name} ended with ${thrown.type}, which it does not declare in its faults.` : undefined;
  return hiddenFault(thrown, what);
}

function hiddenFault(cause: unknown, what: string | undefined): Fault {
  const message = what ?? "The server failed to handle the request and logged the cause. Try again later, or report the request id.";
  return new Fault({ code: "internal", message, cause });
}
