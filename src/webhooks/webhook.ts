import { z } from "zod";
import { type Duration, toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { rawBody } from "../core/schema/opaque/raw-body.ts";
import type { AnySchema, Input } from "../core/schema/standard.ts";
import { provenTenant } from "../operation/authentication/proven-tenant.ts";
import type { Action, Budget, Command, WriteRoute } from "../operation/contract.ts";
import type { Durable } from "../operation/durable/start.ts";
import type { DomainEvent } from "../operation/events/event.ts";
import type { Criticality } from "../operation/execution.ts";
import { action } from "../operation/online/action.ts";
import { emittingWebhook } from "./emitting.ts";
import { WebhookIdReused, WebhookUnreadable, webhookFaults } from "./faults.ts";
import { type FindTenant, keyOf, read, tenantFinder, type Verification, verified, type WebhookMessage } from "./message.ts";
import { assertSecrets, type WebhookScheme } from "./scheme.ts";

/** What all webhooks take. */
interface CommonWebhookSpec {
  /** One line for documents. */
  readonly summary?: string;
  readonly http: WriteRoute;
  readonly scheme: WebhookScheme;
  /** The secrets, of which each is good: give the old one and the new one while the sender changes from one to the other. */
  readonly secrets: readonly string[] | (() => readonly string[]);
  /** How far the time of the signature may be from now. *Default*: 5 min. */
  readonly tolerance?: Duration;
  /**
   * The tenant that a message is about, found in what the sender has signed: the body, and of the headers only those that the scheme signs. All that follows is
   * for that tenant. Where it returns undefined, or no text of 1 to 200 characters, the sender gets `webhook_tenant_unknown`. *Default*: no tenant.
   */
  readonly tenant?: FindTenant;
  /** What makes two deliveries the same message. *Default*: the id. */
  readonly dedupe?: (message: WebhookMessage) => string;
  /** *Default*: 64 KiB. */
  readonly bytesMax?: number;
  /** *Default*: a deadline of 5 s. */
  readonly budget?: Budget;
  readonly criticality?: Criticality;
}

/** What `webhook` takes where a message starts a task. */
export interface WebhookSpec<I extends AnySchema> extends CommonWebhookSpec {
  /** The task that works on a message. It is started once for each id, for as long as its `unique` says: senders try again for days. */
  readonly starts: Durable<I>;
  /** Its input. Where a schema refuses what it parses, the sender gets the problems; any other error is a bug. */
  readonly input: (message: WebhookMessage) => NoInfer<Input<I>>;
}

/** What `webhook` takes where a message becomes an event. */
export interface WebhookEventSpec<E extends DomainEvent> extends CommonWebhookSpec {
  /** The event that a message becomes, of the module of the webhook. */
  readonly event: E;
  /** Its data. Where a schema refuses what it parses, or that of the event refuses it, the sender gets the problems; any other error is a bug. */
  readonly data: (message: WebhookMessage) => Input<NoInfer<E>["data"]>;
  /** For how long the id of a message is remembered: senders try again for days. *Default*: `limits.webhookRememberMs`. *Bounds*: 1 min to 90 d. */
  readonly remember?: Duration;
}

const defaultBytes = 65_536;
const headerText = z.string().max(4_096).optional();
const Received = z.object({ id: z.string(), isDuplicate: z.boolean() });

/** What `webhook` declares where a message starts a task: an action that other operations need not know more of. */
export type Webhook = Action<AnySchema, typeof Received, Record<never, never>>;

/** What `webhook` declares where a message becomes an event: a command, in whose transaction the event is emitted. */
export type EventWebhook = Command<AnySchema, typeof Received>;

/**
 * Declares a webhook that another service calls. The signature over the bytes as they came is verified before anything is read of them, then the task is started,
 * and the sender gets 202 once that is durable.
 * *Guarantees*: one message starts one task, however often it is delivered; a message that got 202 is not lost. What is not signed, or long ago, starts nothing.
 * *Faults thrown*: `permission_denied` of type `webhook_signature_wrong` or `webhook_stale`; `invalid_argument` of type `webhook_unreadable`; `failed_precondition` of
 * type `webhook_tenant_unknown`; `already_exists` of type `webhook_id_reused`.
 * @example
 * export const providerEvents = webhook("payments.provider-events", {
 *   http: "POST /v1/webhooks/provider", scheme: standardWebhooks(), secrets: [secret],
 *   starts: settle, input: ({ json }) => Event.parse(json),
 * });
 */
export function webhook<I extends AnySchema>(name: string, spec: WebhookSpec<I>): Webhook;
/**
 * The same with an event of the module instead of a task. The event, and the id of the message, are written in one transaction.
 * *Guarantees*: one message becomes one event, however often it is delivered while its id is remembered.
 * @example
 * export const providerEvents = webhook("payments.provider-events", {
 *   http: "POST /v1/webhooks/provider", scheme: standardWebhooks(), secrets: [secret],
 *   event: invoicePaid, data: ({ json }) => Paid.parse(json),
 * });
 */
export function webhook<E extends DomainEvent>(name: string, spec: WebhookEventSpec<E>): EventWebhook;
export function webhook(name: string, spec: WebhookSpec<AnySchema> | WebhookEventSpec<DomainEvent>): Webhook | EventWebhook {
  const { scheme, secrets, tolerance = "5m", bytesMax = defaultBytes, budget = "5s" } = spec;
  if (typeof secrets !== "function") assertSecrets(name, scheme, secrets);
  const verification: Verification = { webhook: name, scheme, secrets, toleranceMs: toMs(tolerance) };
  const fields = Object.fromEntries(Object.keys(scheme.headers).map((field) => [field, headerText]));
  const declared = {
    summary: spec.summary ?? `Takes webhooks signed by ${scheme.name}`,
    ...({ access: "public", idempotent: "natural", budget } as const),
    ...(spec.criticality !== undefined && { criticality: spec.criticality }),
    input: z.object({ body: rawBody({ bytesMax }), ...fields }),
    output: Received,
    faults: webhookFaults,
    http: { route: spec.http, status: 202, body: "raw", headers: scheme.headers },
    [provenTenant]: tenantFinder(verification, spec.tenant),
  } as const;
  if ("event" in spec) return emittingWebhook(name, { spec, declared, verification }) as unknown as EventWebhook;
  return action(name, {
    ...declared,
    run: async (input, { start, now }) => {
      const message = verified(verification, input, now());
      try {
        const taskInput = read(() => spec.input(message));
        const key = keyOf(name, spec.dedupe?.(message) ?? message.id);
        const { started } = await start(spec.starts as Durable<AnySchema>, taskInput, { key });
        return { id: message.id, isDuplicate: !started };
      } catch (error) {
        throw refusalOf(error);
      }
    },
  }) as unknown as Webhook;
}

/** Every refusal has one of the types that the webhook declares. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof Fault)) return error;
  if (error.type === "task_key_mismatch") return new WebhookIdReused({}, error);
  if (error.type === "invalid_input") return new WebhookUnreadable({ problem: error.message }, error);
  return error;
}
