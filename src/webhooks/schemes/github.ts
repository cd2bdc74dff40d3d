import { forged, problemOfText, type WebhookScheme } from "../scheme.ts";
import { decodeAll, matches } from "../signature.ts";

/**
 * Makes the scheme of GitHub: `X-Hub-Signature-256`, HMAC-SHA256 over the body, and `X-GitHub-Delivery` as the id, which is the same when GitHub delivers again.
 * The signature has no time and covers no id: the same body under another id is taken for another message.
 * *Source*: the documentation of GitHub, "Validating webhook deliveries".
 * @example scheme: github()
 */
export function github(): WebhookScheme {
  return {
    name: "GitHub",
    headers: { signature: "x-hub-signature-256", id: "x-github-delivery", event: "x-github-event" },
    problemOf: problemOfText,
    verify: ({ headers: { signature = "", id }, body, secrets }) => {
      if (!signature.startsWith("sha256=")) return forged;
      const shown = decodeAll([signature.slice("sha256=".length)], "hex");
      return matches(shown, { algorithm: "sha256", signed: [body], keys: secrets }) ? { isGenuine: true, id } : forged;
    },
  };
}
