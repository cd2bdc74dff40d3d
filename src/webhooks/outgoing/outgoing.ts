import assert from "node:assert";
import { type Duration, toMs } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import { checked } from "../../messaging/cloud-events/cloud-event.ts";
import type { RetrySpec } from "../../operation/durable/task.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import { type Module, module } from "../../operation/module.ts";
import type { Resource } from "../../operation/resource.ts";
import type { ReadScope, WriteScope } from "../../operation/scope.ts";
import { exponential } from "../../resilience/backoff.ts";
import { type DeliverTask, deliveryOperations, type EndpointDisabled, type WebhookSender } from "./delivery.ts";
import { type EndpointScope, newSecret, openSecrets, sealSecrets, vetUrl, type WebhookEndpoint } from "./endpoints.ts";
import { WebhookEndpointsFull } from "./faults.ts";

/** Options of {@link outgoingWebhooks}. */
export interface OutgoingWebhooksOptions {
  /** The events that endpoints may get. */
  readonly events: readonly [DomainEvent, ...DomainEvent[]];
  readonly sender: Resource<WebhookSender>;
  /** *Default*: 18 attempts, over about five days. */
  readonly retry?: RetrySpec;
  /** After how long without a success an endpoint is switched off. *Default*: 5 d. *Bounds*: 1 min to 30 d. */
  readonly disableAfter?: Duration;
  /** Allows `http:` and any host, for tests. What the sender connects to is its own matter. *Default*: false. */
  readonly allowsPlain?: boolean;
  /** The queue of the deliveries. *Default*: `webhooks`. */
  readonly queue?: string;
  /** The form of a message: `{ type, timestamp, data }`, or a CloudEvent in the structured form, which the signature covers. *Default*: `standard`. */
  readonly format?: "standard" | "cloudevents";
  /** The `source` of the CloudEvents. *Default*: `urn:plimsoll:` and the module of the event. */
  readonly source?: string;
}

/** Which deliveries are listed, the newest first. */
export interface DeliveryFilter {
  readonly endpoint?: string;
  /** The id of an event. */
  readonly event?: string;
  readonly state?: "pending" | "delivered" | "failed";
  /** Those that were made before then. */
  readonly before?: Date;
  /** *Default*: 50. *Bounds*: 1 to `limits.webhookTurn`. */
  readonly limit?: number;
}

/** A message to an endpoint, as it is shown. */
export interface WebhookDelivery {
  readonly id: string;
  readonly endpoint: string;
  readonly event: string;
  readonly eventName: string;
  readonly state: "pending" | "delivered" | "failed";
  readonly attempts: number;
  /** The status of the last response; null where there was none. */
  readonly status: number | null;
  readonly problem: string | null;
  readonly attemptedAt: string | null;
  readonly madeAt: string;
}

/** Webhooks that an app sends to endpoints of its tenants. Each function runs in the transaction of the scope, for its tenant. */
export interface OutgoingWebhooks {
  /** For `createApp({ modules })`. */
  readonly module: Module;
  /** What is emitted when an endpoint was switched off: subscribe to it, to notify the tenant. */
  readonly endpointDisabled: EndpointDisabled;
  /**
   * Adds an endpoint. The secret is shown this once. *Faults thrown*: `webhook_url_refused`, `webhook_endpoints_full`.
   * @example const { id, secret } = await hooks.register(scope, { url, events: ["orders.placed"] });
   */
  register(
    scope: EndpointScope,
    endpoint: { readonly url: string; readonly events?: readonly string[] },
  ): Promise<{ readonly id: string; readonly secret: string }>;
  endpoints(scope: Pick<ReadScope, "sql">): Promise<WebhookEndpoint[]>;
  /** Gives an endpoint a new secret. Messages are signed with both until the next rotation; undefined where there is no such endpoint. */
  rotateSecret(scope: EndpointScope, id: string): Promise<string | undefined>;
  /** Switches an endpoint off, or on again. Returns whether there is one. */
  setEnabled(scope: Pick<WriteScope, "sql">, id: string, isEnabled: boolean): Promise<boolean>;
  /** Removes an endpoint with its deliveries. Returns whether there was one. */
  remove(scope: Pick<WriteScope, "sql">, id: string): Promise<boolean>;
  deliveries(scope: Pick<ReadScope, "sql">, filter?: DeliveryFilter): Promise<WebhookDelivery[]>;
  /**
   * Sends again what ended: the message of one event, or those of the events that were recorded in a span. The ids are the same, so that receivers know them again.
   * Returns how many. *Bounds*: `limits.webhookTurn` a call; `limits.webhookKeepMs` back.
   */
  replay(
    scope: Pick<WriteScope, "sql" | "start">,
    what: { readonly endpoint: string; readonly event?: string; readonly from?: Date; readonly until?: Date },
  ): Promise<number>;
}

/**
 * Makes the webhooks that an app sends: each event of a tenant goes to its endpoints, signed as Standard Webhooks says, and is retried for days. It needs
 * `createApp({ vault })`, which seals the secrets and the messages.
 * *Guarantees*: an event that was committed is sent at least once to each endpoint that its tenant had enabled; every attempt has the same `webhook-id`.
 * @example
 * export const hooks = outgoingWebhooks("hooks", { events: [orderPlaced], sender: httpOrigins("hooks.sender", { timeout: "15s" }) });
 */
export function outgoingWebhooks(name: string, options: OutgoingWebhooksOptions): OutgoingWebhooks {
  const { events, sender, disableAfter = limits.webhookDisableMs, allowsPlain = false, queue = "webhooks" } = options;
  const { format = "standard", source } = options;
  const { attempts = limits.webhookAttempts, backoff = exponential("5s", { factor: 3, max: "12h" }) } = options.retry ?? {};
  const lastingMs = toMs(disableAfter);
  assert(
    lastingMs >= 60_000 && lastingMs <= 2_592_000_000,
    `outgoingWebhooks("${name}"): disableAfter is ${lastingMs} ms. Write 1m to 30d.`,
  );
  assert(
    source === undefined || format === "cloudevents",
    `outgoingWebhooks("${name}"): source is of CloudEvents. Add format: "cloudevents", or leave it out.`,
  );
  if (source !== undefined) checked({ id: name, type: name, source });
  const { endpointDisabled, deliver, operations, schedules } = deliveryOperations({
    name,
    events,
    sender,
    queue,
    lastingMs,
    retry: { attempts, backoff },
    source: format === "cloudevents" ? (event) => source ?? `urn:plimsoll:${event.split(".", 1)[0]}` : undefined,
  });
  return {
    endpointDisabled,
    module: module(name, { operations, events: [endpointDisabled], schedules }),
    ...endpointControls({ name, known: new Set(events.map((one) => one.name)), allowsPlain }),
    ...deliveryControls(deliver),
  };
}

type EndpointControls = Pick<OutgoingWebhooks, "register" | "endpoints" | "rotateSecret" | "setEnabled" | "remove">;

function endpointControls(spec: {
  readonly name: string;
  readonly known: ReadonlySet<string>;
  readonly allowsPlain: boolean;
}): EndpointControls {
  const { name, known, allowsPlain } = spec;
  return {
    async register(scope, { url, events: wanted }) {
      for (const one of wanted ?? []) assert(known.has(one), `${name} has no event "${one}". It has ${[...known].join(", ")}.`);
      const href = vetUrl(url, allowsPlain);
      const [id, made] = [scope.newId(), newSecret()];
      const sealed = await sealSecrets(scope, id, [made]);
      const names = wanted === undefined ? null : [...wanted];
      const { added } = await scope.sql<{ added: boolean }>`
        select plimsoll.add_webhook_endpoint(${id}, ${href}, ${names}, ${sealed}, ${limits.webhookEndpoints}) as added`.one();
      if (!added) throw new WebhookEndpointsFull({ most: limits.webhookEndpoints });
      return { id, secret: made };
    },
    endpoints: ({ sql }) =>
      sql<WebhookEndpoint>`select id, url, events, disabled, failing_since, made_at from plimsoll.read_webhook_endpoints(null)`.many(),
    async rotateSecret(scope, id) {
      const row = await scope.sql<{ secrets: string }>`select secrets from plimsoll.read_webhook_endpoints(${id})`.maybe();
      if (row === undefined) return undefined;
      const made = newSecret();
      const sealed = await sealSecrets(scope, id, [made, ...(await openSecrets(scope, id, row.secrets))]);
      await scope.sql`select plimsoll.change_webhook_endpoint(${id}, ${sealed}, null)`.run();
      return made;
    },
    setEnabled: async ({ sql }, id, isEnabled) => {
      const reason = isEnabled ? "" : "It was switched off.";
      return (await sql<{ found: boolean }>`select plimsoll.change_webhook_endpoint(${id}, null, ${reason}) as found`.one()).found;
    },
    remove: async ({ sql }, id) => (await sql<{ found: boolean }>`select plimsoll.remove_webhook_endpoint(${id}) as found`.one()).found,
  };
}

function deliveryControls(deliver: DeliverTask): Pick<OutgoingWebhooks, "deliveries" | "replay"> {
  return {
    deliveries: ({ sql }, { endpoint, event: id, state, before, limit = 50 } = {}) =>
      sql<WebhookDelivery>`
        select id, endpoint, event, event_name, state, attempts, status, problem, attempted_at, made_at
        from plimsoll.read_webhook_deliveries(${endpoint ?? null}, ${id ?? null}, ${state ?? null}, ${before?.toISOString() ?? null},
          ${Math.max(1, Math.min(limits.webhookTurn, Math.floor(limit)))})`.many(),
    async replay({ sql, start }, { endpoint, event: id, from, until }) {
      const rows = await sql<{ id: string }>`
        select id from plimsoll.replay_webhook_deliveries(${endpoint}, ${id ?? null}, ${from?.toISOString() ?? null}, ${until?.toISOString() ?? null},
          ${limits.webhookTurn})`.many();
      for (const { id: delivery } of rows) await start(deliver, { delivery });
      return rows.length;
    },
  };
}
