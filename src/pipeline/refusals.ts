import { Fault, type FaultClass } from "../core/fault.ts";
import type { Problem, Problems } from "../core/schema.ts";
import type { Actor } from "../operation/actor.ts";
import type { CompiledOperation } from "./compiled.ts";

// The faults that the platform itself answers with. Each says what happened and what to do next.

export function invalidInput(problems: readonly Problem[]): Fault {
  const count = problems.length === 1 ? "One value is" : `${problems.length} values are`;
  return new Fault({
    code: "invalid_argument",
    type: "invalid_input",
    message: `${count} not as the operation needs it; "problems" lists each with its place.`,
    details: { problems },
  });
}

export function invalidOutput(operation: string, problems: Problems): Fault {
  const lines = problems.list.map(({ pointer, message }) => `${pointer || "/"}: ${message}`);
  return new Fault({
    code: "internal",
    type: "invalid_output",
    message: `${operation} returned what its output schema does not allow: ${lines.join("; ")}. Mend the handler or the schema.`,
  });
}

export function replyTooLarge(operation: string, { bytes, limit }: { readonly bytes: number; readonly limit: number }): Fault {
  return new Fault({
    code: "internal",
    type: "reply_too_large",
    message: `${operation} replied with ${bytes} bytes, and a reply that is kept under an idempotency key has at most ${limit}; nothing was committed. Return less, as ids that a query reads, or declare idempotent: "no" or "natural".`,
  });
}

export function detailsTooLarge(
  operation: string,
  { fault, bytes, limit }: { readonly fault: Fault; readonly bytes: number; readonly limit: number },
): Fault {
  return new Fault({
    code: "internal",
    type: "reply_too_large",
    message: `${operation} ended with ${fault.type}, whose details have ${bytes} bytes, and a fault that is kept under an idempotency key has at most ${limit}; nothing was committed. Put less into its details, as ids that a query reads.`,
    cause: fault,
  });
}

export function invalidRow(problems: Problems, row: Record<string, unknown>): Fault {
  const lines = problems.list.map(({ pointer, message }) => `${pointer || "/"}: ${message}`);
  return new Fault({
    code: "internal",
    type: "invalid_row",
    message: `A row does not match the schema named in sql(…): ${lines.join("; ")}. Its columns are ${Object.keys(row).join(", ")}.`,
  });
}

export function denied(operation: CompiledOperation, actor: Actor): Fault {
  const needs = operation.access === "public" ? "nothing" : operation.access.description;
  if (actor.kind === "anonymous")
    return new Fault({
      code: "unauthenticated",
      type: "token_missing",
      message: `${operation.name} needs ${needs}. Sign in and send the token as "Authorization: Bearer …".`,
    });
  return new Fault({ code: "permission_denied", message: `${operation.name} needs ${needs}. Ask an administrator for it.` });
}

/** What an id that does not exist and an id that is somebody else's are both answered with. */
export function notYours(operation: string): Fault {
  return new Fault({ code: "not_found", message: `${operation} found nothing here that is yours. Check the ids.` });
}

/** Who signed in for one tenant and names another. */
export const otherTenant = (): Fault =>
  new Fault({
    code: "permission_denied",
    type: "other_tenant",
    message: "Your token is for another tenant. Leave the Authorization header out, or name the tenant of the token.",
  });

export const keyMissing = (operation: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "idempotency_key_missing",
    message: `${operation} needs an Idempotency-Key header, so that sending it twice does it once. Send a new UUID with each new request, and the same one with each retry.`,
  });

export const keyInvalid = (limit: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "idempotency_key_invalid",
    message: `An Idempotency-Key has 1 to ${limit} printable ASCII characters. A UUID is a good one.`,
  });

export const keyRunning = (): Fault =>
  new Fault({
    code: "aborted",
    type: "idempotency_key_running",
    message: "A request with this Idempotency-Key is still running. Wait and send it again; you will get its answer.",
    retryAfterMs: 1_000,
  });

export const keyMismatch = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "idempotency_key_reused",
    status: 422,
    message: "This Idempotency-Key was used for another input. Use a new key for a new request.",
  });

/** The declared fault that an earlier request with the same key ended with. */
// biome-ignore lint/suspicious/noExplicitAny: the details were stored by the same declaration.
export function storedFault(declared: FaultClass<any>, body: string): Fault {
  return new declared(JSON.parse(body));
}

/** A fault as callers may see it: what the platform threw and what the operation declares; anything else is a bug. */
export function visibleFault(operation: CompiledOperation, thrown: unknown): Fault {
  // Nobody is told but the one who looks after the task.
  if (operation.kind === "task" && thrown instanceof Fault) return thrown;
  if (thrown instanceof Fault && (thrown.constructor === Fault || operation.faults.has(thrown.type))) return thrown;
  const what =
    thrown instanceof Fault ? `${operation.name} ended with ${thrown.type}, which it does not declare in its faults.` : undefined;
  return new Fault({
    code: "internal",
    message: what ?? "Something went wrong on our side. It was recorded; please try again later.",
    cause: thrown,
  });
}
