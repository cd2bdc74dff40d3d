// Webhooks of a payment provider, verified and worked on once. Run it with: node --conditions=source examples/webhooks/provider.ts
import { createHmac } from "node:crypto";
import { createApp, event, module, task } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { http } from "plimsoll/http";
import { standardWebhooks, webhook } from "plimsoll/webhooks";
import { z } from "zod";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const Paid = z.object({ type: z.literal("invoice.paid"), invoice: z.string() });
const settled: string[] = [];

export const settleInvoice = task("billing.settle-invoice", {
  ...{ input: Paid, budget: "30s", unique: { for: "7d" } },
  run: async ({ invoice }) => void settled.push(invoice),
});

export const providerEvents = webhook("billing.provider-events", {
  http: "POST /v1/webhooks/provider",
  scheme: standardWebhooks(),
  secrets: [secret],
  starts: settleInvoice,
  input: ({ json }) => Paid.parse(json),
});

const Refunded = z.object({ invoice: z.string(), cents: z.int() });
export const invoiceRefunded = event("billing.invoice-refunded", { data: Refunded, key: ({ invoice }) => invoice });

export const refundEvents = webhook("billing.refund-events", {
  http: "POST /v1/webhooks/refunds",
  scheme: standardWebhooks(),
  secrets: [secret],
  event: invoiceRefunded,
  data: ({ json }) => Refunded.parse(json),
});

if (import.meta.main) {
  const app = createApp({
    modules: [module("billing", { operations: [settleInvoice, providerEvents, refundEvents], events: [invoiceRefunded] })],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
    surfaces: [http({ port: 0 })],
  });
  await app.start();
  const completed = app.tasks.signals.ended.next(({ outcome }) => outcome === "completed");
  const [id, time, body] = [`msg_${Date.now()}`, Math.floor(Date.now() / 1_000), '{ "type": "invoice.paid", "invoice": "in_7" }'];
  const sign = (text: string) =>
    createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
      .update(`${id}.${time}.${text}`)
      .digest("base64");
  for (const signature of [sign(body), sign(body), sign("another body")]) {
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(time),
      "webhook-signature": `v1,${signature}`,
    };
    const response = await app.fetch(new Request("http://api/v1/webhooks/provider", { method: "POST", headers, body }));
    const { type, isDuplicate } = (await response.json()) as { readonly type?: string; readonly isDuplicate?: boolean };
    console.log(response.status, type ?? `duplicate: ${isDuplicate}`);
  }
  await completed;
  console.log("settled", settled.join(", "));
  await app.stop();
}
