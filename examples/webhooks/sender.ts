// Webhooks that an app sends to its tenants' servers. Run it with: node --conditions=source examples/webhooks/sender.ts
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { command, createApp, event, module, override, query, signedIn } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { httpOrigins } from "plimsoll/upstream";
import { environmentKeys, vault } from "plimsoll/vault";
import { outgoingWebhooks, WebhookEndpointsFull, WebhookUrlRefused } from "plimsoll/webhooks";
import { Webhook } from "standardwebhooks";
import { z } from "zod";

const orderPlaced = event("shop.order-placed", { data: z.object({ orderId: z.string() }), key: ({ orderId }) => orderId });

const sender = httpOrigins("hooks.sender", { timeout: "15s" });
// For this example alone: the receiver below is on this machine, where no webhook is sent otherwise.
const local = process.env.NODE_ENV !== "production";
const hooks = outgoingWebhooks("hooks", { events: [orderPlaced], sender, allowsPlain: local });

const addEndpoint = command("shop.add-endpoint", {
  input: z.object({ url: z.string() }),
  output: z.object({ id: z.uuid(), secret: z.string() }),
  faults: [WebhookUrlRefused, WebhookEndpointsFull],
  ...{ access: signedIn(), idempotent: "no", budget: "1s" },
  run: ({ url }, scope) => hooks.register(scope, { url, events: ["shop.order-placed"] }),
});

const listDeliveries = query("shop.list-deliveries", {
  input: z.object({ endpoint: z.uuid() }),
  output: z.object({ deliveries: z.array(z.object({ eventName: z.string(), state: z.string(), attempts: z.int() })) }),
  ...{ access: signedIn(), budget: "1s" },
  run: async ({ endpoint }, scope) => ({ deliveries: await hooks.deliveries(scope, { endpoint }) }),
});

const placeOrder = command("shop.place-order", {
  input: z.object({ orderId: z.string() }),
  output: z.object({}),
  ...{ access: signedIn(), idempotent: "natural", budget: "1s", emits: [orderPlaced] },
  async run({ orderId }, { emit }) {
    emit(orderPlaced, { orderId });
    return {};
  },
});

const shop = module("shop", { operations: [addEndpoint, listDeliveries, placeOrder], events: [orderPlaced] });

if (import.meta.main) {
  let secret = "";
  const receiver = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const message = new Webhook(secret).verify(body, request.headers as Record<string, string>) as { type: string; data: unknown };
    console.log(message.type, JSON.stringify(message.data));
    response.writeHead(204).end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const app = createApp({
    modules: [shop, hooks.module],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
    vault: vault({ keys: environmentKeys({ keys: { "2026": process.env.VAULT_KEY ?? "for this example alone: 7Qz2xW9bLr4K" } }) }),
    provide: [override(sender, httpOrigins("hooks.sender", { timeout: "15s", allow: ["127.0.0.1"] }))],
  });
  await app.start();
  const actor = { id: "ada", kind: "user", roles: [], tenant: undefined, claims: {} } as const;
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
  const added = await app.call(addEndpoint, { url }, { actor });
  secret = added.secret;
  const delivered = app.tasks.signals.ended.next(({ task, outcome }) => task === "hooks.deliver" && outcome === "completed");
  await app.call(placeOrder, { orderId: "o-7" }, { actor });
  await delivered;
  const { deliveries } = await app.call(listDeliveries, { endpoint: added.id }, { actor });
  for (const { eventName, state, attempts } of deliveries) console.log(eventName, state, attempts);
  await app.stop();
  receiver.close();
}
