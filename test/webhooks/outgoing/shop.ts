import { command, event, exponential, module, query, signedIn, subscription } from "plimsoll";
import { testActor } from "plimsoll/testing";
import { type HttpOriginsOptions, httpOrigins } from "plimsoll/upstream";
import { type OutgoingWebhooksOptions, outgoingWebhooks, WebhookEndpointsFull, WebhookUrlRefused } from "plimsoll/webhooks";
import { z } from "zod";

// A module whose tenants register endpoints for its events.

export const placed = event("shop.placed", { data: z.object({ order: z.string(), cents: z.int() }), key: ({ order }) => order });
export const paid = event("shop.paid", { data: z.object({ order: z.string() }), key: ({ order }) => order });

type Form = Pick<OutgoingWebhooksOptions, "format" | "source">;

/** The webhooks of one test file; `sender`: what it may connect to. */
export function shopWith(sender: Partial<HttpOriginsOptions>, allowsPlain = true, form: Form = {}) {
  const hooks = outgoingWebhooks("hooks", {
    ...{ ...form, events: [placed, paid], disableAfter: "1h", allowsPlain },
    sender: httpOrigins("hooks.sender", { timeout: "5s", ...sender }),
    retry: { attempts: 3, backoff: exponential("1ms", { max: "1ms", jitter: "none" }) },
  });
  const online = { access: signedIn(), budget: "20s" } as const;
  const Id = z.object({ id: z.uuid() });
  const Endpoint = z.object({ id: z.uuid(), url: z.string(), events: z.array(z.string()).nullable(), disabled: z.string().nullable() });
  const Delivery = z.object({
    ...{ id: z.uuid(), endpoint: z.uuid(), event: z.uuid(), eventName: z.string(), state: z.string(), attempts: z.int() },
    ...{ status: z.int().nullable(), problem: z.string().nullable() },
  });
  const place = command("shop.place", {
    ...{ ...online, input: z.object({ order: z.string() }), output: z.object({}), idempotent: "no", emits: [placed, paid] },
    async run({ order }, { emit }) {
      emit(placed, { order, cents: 5 });
      if (order.startsWith("paid")) emit(paid, { order });
      return {};
    },
  });
  const register = command("shop.register", {
    ...{ ...online, input: z.object({ url: z.string(), events: z.array(z.string()).optional() }), idempotent: "no" },
    output: z.object({ id: z.uuid(), secret: z.string() }),
    faults: [WebhookUrlRefused, WebhookEndpointsFull],
    run: ({ url, events }, scope) => hooks.register(scope, { url, ...(events && { events }) }),
  });
  const change = command("shop.change", {
    ...{ ...online, input: Id.extend({ to: z.enum(["rotate", "off", "on", "remove"]) }), idempotent: "no" },
    output: z.object({ found: z.boolean(), secret: z.string().optional() }),
    async run({ id, to }, scope) {
      if (to === "remove") return { found: await hooks.remove(scope, id) };
      if (to !== "rotate") return { found: await hooks.setEnabled(scope, id, to === "on") };
      const secret = await hooks.rotateSecret(scope, id);
      return { found: secret !== undefined, secret };
    },
  });
  const replay = command("shop.replay", {
    ...{ ...online, idempotent: "no", output: z.object({ count: z.int() }) },
    input: z.object({
      endpoint: z.uuid(),
      event: z.uuid().optional(),
      from: z.iso.datetime().optional(),
      until: z.iso.datetime().optional(),
    }),
    run: async ({ endpoint, event: one, from, until }, scope) => ({
      count: await hooks.replay(scope, {
        ...{ endpoint, ...(one && { event: one }), ...(from && { from: new Date(from) }), ...(until && { until: new Date(until) }) },
      }),
    }),
  });
  const list = query("shop.list", {
    ...{ ...online, input: z.object({ endpoint: z.uuid().optional(), state: z.enum(["pending", "delivered", "failed"]).optional() }) },
    output: z.object({ endpoints: z.array(Endpoint), deliveries: z.array(Delivery) }),
    run: async ({ endpoint, state }, scope) => ({
      endpoints: await hooks.endpoints(scope),
      deliveries: await hooks.deliveries(scope, { ...(endpoint && { endpoint }), ...(state && { state }) }),
    }),
  });
  const notices: string[] = [];
  const notify = subscription("shop.on-disabled", {
    ...{ on: [hooks.endpointDisabled], from: "beginning", budget: "5s" },
    run: async ({ url, reason }) => void notices.push(`${new URL(url).pathname} ${reason}`),
  });
  const shop = module("shop", { operations: [place, register, change, replay, list, notify], events: [placed, paid] });
  return { hooks, modules: [shop, hooks.module], notices, place, register, change, replay, list };
}

export const ann = testActor({ id: "ann", tenant: "acme" });
