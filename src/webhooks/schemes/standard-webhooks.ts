import { forged, secondsOf, type WebhookScheme } from "../scheme.ts";
import { decodeAll, matches } from "../signature.ts";

const prefix = "whsec_";
const form = /^[A-Za-z0-9+/]{32,88}={0,2}$/;
const keyOf = (secret: string) => Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, "base64");

/**
 * Makes the scheme of senders that follow Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, with HMAC-SHA256 over all three and the
 * body. A secret is `whsec_` and 24 to 64 bytes in base64.
 * *Source*: Standard Webhooks 1.0.0.
 * @example scheme: standardWebhooks()
 */
export function standardWebhooks(): WebhookScheme {
  return {
    name: "Standard Webhooks",
    headers: { id: "webhook-id", time: "webhook-timestamp", signatures: "webhook-signature" },
    problemOf: (secret) =>
      form.test(secret.replace(prefix, "")) && keyOf(secret).length >= 24 && keyOf(secret).length <= 64
        ? undefined
        : "is not whsec_ and 24 to 64 bytes in base64",
    verify: ({ headers: { id, time, signatures = "" }, body, secrets }) => {
      const signedAtMs = secondsOf(time);
      if (id === undefined || id === "" || signedAtMs === undefined) return forged;
      const shown = signatures.split(" ").filter((one) => one.startsWith("v1,"));
      const signed = [`${id}.${time}.`, body];
      const isGenuine = matches(
        decodeAll(
          shown.map((one) => one.slice(3)),
          "base64",
        ),
        { algorithm: "sha256", signed, keys: secrets.map(keyOf) },
      );
      return isGenuine ? { isGenuine, id, signedAtMs } : forged;
    },
  };
}
