import { createHash } from "node:crypto";
import { Fault } from "../core/fault.ts";
import { parseJson } from "../core/json.ts";
import { limits } from "../core/limits.ts";
import type { ProvenTenant } from "../operation/authentication/proven-tenant.ts";
import { WebhookForged, WebhookStale, WebhookTenantUnknown, WebhookUnreadable } from "./faults.ts";
import { assertSecrets, type WebhookScheme } from "./scheme.ts";

/** A message whose signature was verified. */
export interface WebhookMessage {
  /** The sender's id of the message, the same each time that it is delivered; a hash of the body where the scheme has none. */
  readonly id: string;
  /** When it was signed; undefined where the scheme says no time. */
  readonly signedAt: Date | undefined;
  /** The headers that the scheme reads, by its names of them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as JSON. */
  readonly json: unknown;
}

/** How the messages of a webhook are verified. */
export interface Verification {
  readonly webhook: string;
  readonly scheme: WebhookScheme;
  readonly secrets: readonly string[] | (() => readonly string[]);
  readonly toleranceMs: number;
}

/** The messages of inputs that were verified: the tenant is found before the transaction begins, and a transaction may run again. */
const messages = new WeakMap<object, WebhookMessage>();

const problemChars = 500;
/** As in what other services send over brokers. */
const tenantChars = 200;

/** Verifies a request once, and returns its message. *Faults thrown*: as {@link verify}. */
export function verified(verification: Verification, input: unknown, now: Date): WebhookMessage {
  const known = messages.get(input as object);
  if (known !== undefined) return known;
  const message = verify(verification, input, now);
  messages.set(input as object, message);
  return message;
}

/** Verifies a request, and reads its message. *Faults thrown*: {@link WebhookForged}, {@link WebhookStale}, {@link WebhookUnreadable}. */
function verify({ webhook, scheme, secrets, toleranceMs }: Verification, input: unknown, now: Date): WebhookMessage {
  const { body, ...headers } = input as { readonly body: Uint8Array } & Readonly<Record<string, string | undefined>>;
  const current = typeof secrets === "function" ? secrets() : secrets;
  if (typeof secrets === "function") assertSecrets(webhook, scheme, current);
  const json = () => read(() => parseJson(body));
  const verdict = scheme.verify({ headers, body, json, secrets: current });
  if (!verdict.isGenuine) throw new WebhookForged({});
  const { id = createHash("sha256").update(body).digest("hex"), signedAtMs } = verdict;
  const message = { id, headers, json: json(), signedAt: signedAtMs === undefined ? undefined : new Date(signedAtMs) };
  if (message.signedAt !== undefined && Math.abs(now.getTime() - message.signedAt.getTime()) > toleranceMs)
    throw new WebhookStale({ toleranceMs });
  return message;
}

/** How the declaration of a webhook finds the tenant of a verified message. */
export type FindTenant = (message: WebhookMessage) => string | undefined;

/** Finds the tenant that a request proves: none where the webhook declares no way to find it. *Faults thrown*: as {@link verified}, and {@link WebhookTenantUnknown}. */
export function tenantFinder(verification: Verification, find: FindTenant | undefined): ProvenTenant {
  return (input, now) => {
    const message = verified(verification, input, now);
    if (find === undefined) return undefined;
    const tenant: unknown = read(() => find(message));
    if (typeof tenant !== "string" || !isTenant(tenant)) throw new WebhookTenantUnknown({ id: message.id.slice(0, problemChars) });
    return tenant;
  };
}

function isTenant(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it refuses.
  return text.length >= 1 && text.length <= tenantChars && text.isWellFormed() && !/[\x00-\x1f\x7f]/.test(text);
}

/** Refuses a genuine message, in as many words as a sender needs. */
export const unreadable = (problem: string, cause?: unknown) => new WebhookUnreadable({ problem: problem.slice(0, problemChars) }, cause);

/** Reads something of a genuine message. What a schema or a fault refuses is the sender's matter, and any other error a bug. */
export function read<T>(reading: () => T): T {
  try {
    return reading();
  } catch (error) {
    const problem = error instanceof Fault ? error.message : problemsOf(error);
    if (problem === undefined) throw error;
    throw unreadable(problem, error);
  }
}

/** What a schema found; undefined where something else failed. */
export function problemsOf(error: unknown): string | undefined {
  const { issues } = error as { readonly issues?: readonly { readonly path?: readonly PropertyKey[]; readonly message: string }[] };
  if (!Array.isArray(issues)) return undefined;
  return issues.map(({ path = [], message }) => `/${path.map(String).join("/")}: ${message}.`).join(" ");
}

/** A key of its own for each webhook: two may start one task. */
export function keyOf(webhookName: string, id: string): string {
  const key = `${webhookName}:${id}`;
  const isKey = key.length <= limits.idempotencyKeyChars && /^[\x21-\x7e]+$/.test(key);
  return isKey ? key : `${webhookName}:${createHash("sha256").update(id).digest("hex")}`;
}
