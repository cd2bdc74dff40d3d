// The senders that the tests have: each signs with the package of its service, which knows nothing of ours.
import { createHmac } from "node:crypto";
import { sign as signForGithub } from "@octokit/webhooks-methods";
import { Webhook as StandardSigner } from "standardwebhooks";
import Stripe from "stripe";
import type { WebhookScheme } from "../../src/webhooks/index.ts";
import { github, hmac, standardWebhooks, stripe } from "../../src/webhooks/index.ts";

/** A sender of webhooks: its scheme, and the headers that it sends with a body. */
export interface Sender {
  readonly scheme: WebhookScheme;
  readonly secret: string;
  readonly otherSecret: string;
  /** The header that has the signature. */
  readonly signature: string;
  readonly isTimed: boolean;
  sign(body: string, how: { readonly id: string; readonly at: Date; readonly secret?: string }): Promise<Record<string, string>>;
}

const seconds = (at: Date) => Math.floor(at.getTime() / 1_000);
const base64 = (text: string) => Buffer.from(text).toString("base64");

const standard: Sender = {
  scheme: standardWebhooks(),
  secret: `whsec_${base64("twenty-four bytes of key")}`,
  otherSecret: `whsec_${base64("another key, 27 bytes long.")}`,
  ...{ signature: "webhook-signature", isTimed: true },
  sign: async (body, { id, at, secret = standard.secret }) => ({
    "webhook-id": id,
    "webhook-timestamp": String(seconds(at)),
    "webhook-signature": new StandardSigner(secret).sign(id, at, body),
  }),
};

const stripeSender: Sender = {
  scheme: stripe(),
  secret: "whsec_0123456789abcdef",
  otherSecret: "whsec_fedcba9876543210",
  ...{ signature: "stripe-signature", isTimed: true },
  sign: async (payload, { at, secret = stripeSender.secret }) => ({
    "stripe-signature": Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: seconds(at) }),
  }),
};

const githubSender: Sender = {
  scheme: github(),
  secret: "a secret of sixteen",
  otherSecret: "another one of them",
  ...{ signature: "x-hub-signature-256", isTimed: false },
  sign: async (body, { id, secret = githubSender.secret }) => ({
    "x-github-delivery": id,
    "x-github-event": "push",
    "x-hub-signature-256": await signForGithub(secret, body),
  }),
};

const own: Sender = {
  scheme: hmac({ header: "X-Signature", prefix: "v0=", algorithm: "sha512", encoding: "base64", timestamp: "X-Time", id: "X-Id" }),
  secret: "a secret of our own",
  otherSecret: "and another of ours",
  ...{ signature: "x-signature", isTimed: true },
  sign: async (body, { id, at, secret = own.secret }) => ({
    "x-id": id,
    "x-time": String(seconds(at)),
    "x-signature": `v0=${createHmac("sha512", secret)
      .update(`${seconds(at)}.${body}`)
      .digest("base64")}`,
  }),
};

/** All of them, by name. */
export const senders: Readonly<Record<string, Sender>> = { standard, stripe: stripeSender, github: githubSender, own };
