import { createHash } from "node:crypto";
import { Fault } from "../core/fault.ts";
import { parseJson } from "../core/json.ts";
import { limits } from "../core/limits.ts";
import { WebhookForged, WebhookStale, WebhookUnreadable } from "./faults.ts";
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

const problemChars = 500;

/** Verifies a request, and reads its message. *Faults thrown*: {@link WebhookForged}, {@link WebhookStale}, {@link WebhookUnreadable}. */
export function verified({ webhook, scheme, secrets, toleranceMs }: Verification, input: unknown, now: Date): WebhookMessage {
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
