import { z } from "zod";
import { fault } from "../core/fault.ts";

/** No signature of the request is right under the secrets of the webhook. */
export const WebhookForged = fault("webhook_signature_wrong", {
  code: "permission_denied",
  message:
    "The signature is missing, or it is not one of this webhook. Send the body as it was signed, with the secret that was agreed on.",
});

/** The request was signed at another time. */
export const WebhookStale = fault("webhook_stale", {
  code: "permission_denied",
  details: z.object({ toleranceMs: z.int() }),
  message: ({ toleranceMs }) =>
    `The request was signed more than ${toleranceMs / 1_000} s ago, or ahead of this clock. Sign it again at the time at which you send it.`,
});

/** The signature is right, and the message is none that the webhook can work on. */
export const WebhookUnreadable = fault("webhook_unreadable", {
  code: "invalid_argument",
  details: z.object({ problem: z.string() }),
  message: ({ problem }) => `The signature is right, but the message cannot be used: ${problem} Send what was agreed on.`,
});

/** The message is about a tenant, and it cannot be found of which. */
export const WebhookTenantUnknown = fault("webhook_tenant_unknown", {
  code: "failed_precondition",
  details: z.object({ id: z.string() }),
  message: ({ id }) =>
    `The signature is right, but no tenant of this app can be found for the message ${id}. Send it again once the tenant is known here.`,
});

/** The id belongs to another message. */
export const WebhookIdReused = fault("webhook_id_reused", {
  code: "already_exists",
  message: "A message with this id came before, and it was another one. Send each message with an id of its own.",
});

/** All that a webhook refuses with. */
export const webhookFaults = [WebhookForged, WebhookStale, WebhookUnreadable, WebhookTenantUnknown, WebhookIdReused] as const;
