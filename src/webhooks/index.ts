// Webhooks of other services: what an application imports from "plimsoll/webhooks".
export { type CloudEvent, CloudEventInvalid, type CloudEventValue } from "../messaging/cloud-events/cloud-event.ts";
export { cloudEventOf } from "../messaging/cloud-events/envelope.ts";
export { cloudEventFromJson, cloudEventToJson } from "../messaging/cloud-events/json.ts";
export { type CloudEventMessage, type ReceivedMessage, readCloudEvent, writeCloudEvent } from "../messaging/cloud-events/message.ts";
export { WebhookForged, WebhookIdReused, WebhookStale, WebhookTenantUnknown, WebhookUnreadable } from "./faults.ts";
export type { WebhookMessage } from "./message.ts";
export type { EndpointDisabled, WebhookSender } from "./outgoing/delivery.ts";
export type { EndpointScope, WebhookEndpoint } from "./outgoing/endpoints.ts";
export { WebhookEndpointsFull, WebhookUrlRefused } from "./outgoing/faults.ts";
export {
  type DeliveryFilter,
  type OutgoingWebhooks,
  type OutgoingWebhooksOptions,
  outgoingWebhooks,
  type WebhookDelivery,
} from "./outgoing/outgoing.ts";
export type { SignedRequest, Verdict, WebhookScheme } from "./scheme.ts";
export { github } from "./schemes/github.ts";
export { type HmacSpec, hmac } from "./schemes/hmac.ts";
export { standardWebhooks } from "./schemes/standard-webhooks.ts";
export { stripe } from "./schemes/stripe.ts";
export { matches, type Signing } from "./signature.ts";
export { type EventWebhook, type Webhook, type WebhookEventSpec, type WebhookSpec, webhook } from "./webhook.ts";
