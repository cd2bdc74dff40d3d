import { forged, problemOfText, secondsOf, type WebhookScheme } from "../scheme.ts";
import { decodeAll, matches } from "../signature.ts";

/**
 * Makes the scheme of Stripe: `Stripe-Signature` has the time and one signature for each secret, HMAC-SHA256 over the time and the body. The id is that of the
 * event in the body.
 * *Source*: the documentation of Stripe, "Verify webhook signatures manually".
 * @example scheme: stripe()
 */
export function stripe(): WebhookScheme {
  return {
    name: "Stripe",
    headers: { signature: "stripe-signature" },
    problemOf: problemOfText,
    verify: ({ headers: { signature = "" }, body, json, secrets }) => {
      const parts = signature.split(",").map((part) => part.split("=", 2));
      const values = (name: string) => parts.filter(([key]) => key?.trim() === name).map(([, value]) => value ?? "");
      const [time] = values("t");
      const signedAtMs = secondsOf(time);
      if (signedAtMs === undefined) return forged;
      const isGenuine = matches(decodeAll(values("v1"), "hex"), { algorithm: "sha256", signed: [`${time}.`, body], keys: secrets });
      return isGenuine ? { isGenuine, id: idOf(json()), signedAtMs } : forged;
    },
  };
}

function idOf(event: unknown): string | undefined {
  const id = (event as { readonly id?: unknown } | null)?.id;
  return typeof id === "string" && id !== "" ? id : undefined;
}
