import { z } from "zod";
import { fault } from "../../core/fault.ts";

/** Refuses an address to which webhooks are not sent. *Faults*: `webhook_url_refused`. */
export const WebhookUrlRefused = fault("webhook_url_refused", {
  code: "invalid_argument",
  details: z.object({ why: z.string() }),
  message: ({ why }) => `Webhooks are not sent to this address: ${why}. Give an address of a public server.`,
});

/** Refuses one endpoint more than a tenant may have. *Faults*: `webhook_endpoints_full`. */
export const WebhookEndpointsFull = fault("webhook_endpoints_full", {
  code: "failed_precondition",
  details: z.object({ most: z.int() }),
  message: ({ most }) => `There are ${most} endpoints, as many as may be. Remove one.`,
});
