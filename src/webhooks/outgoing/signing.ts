import { createHmac } from "node:crypto";

/** What is signed. */
export interface OutgoingMessage {
  readonly id: string;
  /** *Units*: milliseconds since the Unix epoch. */
  readonly at: number;
  /** The bytes of the body, as text. */
  readonly body: string;
}

/** The headers of a message, signed with each of the secrets. *Source*: Standard Webhooks 1.0.0. */
export function signedHeaders({ id, at, body }: OutgoingMessage, secrets: readonly string[]): Readonly<Record<string, string>> {
  const time = String(Math.floor(at / 1_000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signatures.join(" ") };
}
