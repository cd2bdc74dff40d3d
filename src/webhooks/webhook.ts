import { createHash } from "node:crypto";
import { z } from "zod";
import { type Duration, toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { parseJson } from "../core/json.ts";
import { limits } from "../core/limits.ts";
import { rawBody } from "../core/schema/opaque/raw-body.ts";
import type { AnySchema, Input } from "../core/schema/standard.ts";
import type { Action, Budget, WriteRoute } from "../operation/contract.ts";
import type { Durable } from "../operation/durable/start.ts";
import type { Criticality } from "../operation/execution.ts";
import { action } from "../operation/online/action.ts";
import { WebhookForged, WebhookIdReused, WebhookStale, WebhookUnreadable, webhookFaults } from "./faults.ts";
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

/** What `webhook` takes. */
export interface WebhookSpec<I extends AnySchema> {
  /** One line for documents. */
  readonly summary?: string;
  readonly http: WriteRoute;
  readonly scheme: WebhookScheme;
  /** The secrets, of which each is good: give the old one and the new one while the sender changes from one to the other. */
  readonly secrets: readonly string[] | (() => readonly string[]);
  /** How far the time of the signature may be from now. *Default*: 5 min. */
  readonly tolerance?: Duration;
  /** The task that works on a message. It is started once for each id, for as long as its `unique` says: senders try again for days. */
  readonly starts: Durable<I>;
  /** Its input. Where a schema refuses what it parses, the sender gets the problems; any other error is a bug. */
  readonly input: (message: WebhookMessage) => NoInfer<Input<I>>;
  /** What makes two deliveries the same message. *Default*: the id. */
  readonly dedupe?: (message: WebhookMessage) => string;
  /** *Default*: 64 KiB. */
  readonly bytesMax?: number;
  /** *Default*: a deadline of 5 s. */
  readonly budget?: Budget;
  readonly criticality?: Criticality;
}

const defaultBytes = 65_536;
const problemChars = 500;
const headerText = z.string().max(4_096).optional();
const Received = z.object({ id: z.string(), isDuplicate: z.boolean() });

/** What `webhook` declares: an action that other operations need not know more of. */
export type Webhook = Action<AnySchema, typeof Received, Record<never, never>>;

/**
 * Declares a webhook that another service calls. The signature over the bytes as they came is verified before anything is read of them, then the task is started,
 * and the sender gets 202 once that is durable.
 * *Guarantees*: one message starts one task, however often it is delivered; a message that got 202 is not lost. What is not signed, or long ago, starts nothing.
 * *Faults thrown*: `permission_denied` of type `webhook_signature_wrong` or `webhook_stale`; `invalid_argument` of type `webhook_unreadable`; `already_exists` of
 * type `webhook_id_reused`.
 * @example
 * export const providerEvents = webhook("payments.provider-events", {
 *   http: "POST /v1/webhooks/provider", scheme: standardWebhooks(), secrets: [secret],
 *   starts: settle, input: ({ json }) => Event.parse(json),
 * });
 */
export function webhook<I extends AnySchema>(name: string, spec: WebhookSpec<I>): Webhook {
  const { scheme, secrets, tolerance = "5m", bytesMax = defaultBytes, starts, budget = "5s" } = spec;
  if (typeof secrets !== "function") assertSecrets(name, scheme, secrets);
  const toleranceMs = toMs(tolerance);
  const fields = Object.fromEntries(Object.keys(scheme.headers).map((field) => [field, headerText]));
  return action(name, {
    ...{ summary: spec.summary ?? `Takes webhooks signed by ${scheme.name}`, access: "public", idempotent: "natural", budget },
    ...(spec.criticality !== undefined && { criticality: spec.criticality }),
    input: z.object({ body: rawBody({ bytesMax }), ...fields }),
    output: Received,
    faults: webhookFaults,
    http: { route: spec.http, status: 202, body: "raw", headers: scheme.headers },
    run: async (input, { start, fail, now }) => {
      const { body, ...headers } = input as { readonly body: Uint8Array } & Readonly<Record<string, string | undefined>>;
      const message = verified(body, headers);
      if (message === "forged") return fail(WebhookForged, {});
      if (message.signedAt !== undefined && Math.abs(now().getTime() - message.signedAt.getTime()) > toleranceMs)
        return fail(WebhookStale, { toleranceMs });
      const { id } = message;
      try {
        const taskInput = read(() => spec.input(message));
        const { started } = await start(starts as Durable<AnySchema>, taskInput, { key: keyOf(name, spec.dedupe?.(message) ?? id) });
        return { id, isDuplicate: !started };
      } catch (error) {
        throw refusalOf(error);
      }
    },
  }) as unknown as Webhook;

  function verified(body: Uint8Array, headers: Readonly<Record<string, string | undefined>>): WebhookMessage | "forged" {
    const current = typeof secrets === "function" ? secrets() : secrets;
    if (typeof secrets === "function") assertSecrets(name, scheme, current);
    const json = () => read(() => parseJson(body));
    const verdict = scheme.verify({ headers, body, json, secrets: current });
    if (!verdict.isGenuine) return "forged";
    const { id = createHash("sha256").update(body).digest("hex"), signedAtMs } = verdict;
    return { id, headers, json: json(), signedAt: signedAtMs === undefined ? undefined : new Date(signedAtMs) };
  }
}

/** Reads something of a genuine message. What a schema or a fault refuses is the sender's matter, and any other error a bug. */
function read<T>(reading: () => T): T {
  try {
    return reading();
  } catch (error) {
    const problem = error instanceof Fault ? error.message : problemsOf(error);
    if (problem === undefined) throw error;
    throw new WebhookUnreadable({ problem: problem.slice(0, problemChars) }, error);
  }
}

/** What a schema found; undefined where something else failed. */
function problemsOf(error: unknown): string | undefined {
  const { issues } = error as { readonly issues?: readonly { readonly path?: readonly PropertyKey[]; readonly message: string }[] };
  if (!Array.isArray(issues)) return undefined;
  return issues.map(({ path = [], message }) => `/${path.map(String).join("/")}: ${message}.`).join(" ");
}

/** A key of its own for each webhook: two may start one task. */
function keyOf(webhookName: string, id: string): string {
  const key = `${webhookName}:${id}`;
  const isKey = key.length <= limits.idempotencyKeyChars && /^[\x21-\x7e]+$/.test(key);
  return isKey ? key : `${webhookName}:${createHash("sha256").update(id).digest("hex")}`;
}

/** Every refusal has one of the types that the webhook declares. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof Fault)) return error;
  if (error.type === "task_key_mismatch") return new WebhookIdReused({}, error);
  if (error.type === "invalid_input") return new WebhookUnreadable({ problem: error.message }, error);
  return error;
}
