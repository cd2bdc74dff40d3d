// What the compiler must refuse of events; as in refused.ts.
import { action, command, event, implement, module, query, subscription } from "plimsoll";
import { z } from "zod";

const placed = event("orders.placed", { data: z.object({ orderId: z.string() }), key: ({ orderId }) => orderId });
const closed = event("orders.closed", { data: z.object({ orderId: z.string() }), key: ({ orderId }) => orderId });
const shared = { input: z.object({}), output: z.object({}), access: "public", budget: "1s" } as const;

export const kept = command("orders.keep", {
  ...{ ...shared, idempotent: "no", emits: [placed] },
  async run(_input, { emit }) {
    emit(placed, { orderId: "a" });
    // @ts-expect-error an event that the command does not list | list it in the command's emits
    emit(closed, { orderId: "a" });
    // @ts-expect-error data that is not the event's | number
    emit(placed, { orderId: 7 });
    return {};
  },
});

export const silent = command("orders.silent", {
  ...{ ...shared, idempotent: "no" },
  async run(_input, { emit }) {
    // @ts-expect-error a command that lists no event emits none | list it in the command's emits
    emit(placed, { orderId: "a" });
    return {};
  },
});

const contract = command("orders.contract", { ...shared, idempotent: "no", emits: [placed] });
export const implemented = implement(contract, async (_input, { emit }) => {
  emit(placed, { orderId: "a" });
  // @ts-expect-error a contract says what its handler emits | list it in the command's emits
  emit(closed, { orderId: "a" });
  return {};
});

export const looked = query("orders.look", {
  ...shared,
  // @ts-expect-error a query has no emit | emit
  async run(_input, { emit }) {
    emit(placed, { orderId: "a" });
    return {};
  },
});

export const acted = action("orders.act", {
  ...{ ...shared, idempotent: "no" },
  // @ts-expect-error an action has no emit | emit
  async run(_input, { emit }) {
    emit(placed, { orderId: "a" });
    return {};
  },
});

// @ts-expect-error a key that is no text | number
export const keyed = event("orders.keyed", { data: z.object({ n: z.number() }), key: ({ n }) => n });
const handled = { budget: "1s" } as const;
export const heard = subscription("orders.heard", {
  ...{ ...handled, on: [placed] },
  async run(data, { event: from, commit }) {
    // @ts-expect-error data that the event does not have | Property 'cents' does not exist
    String(data.cents);
    // @ts-expect-error a name that none of its events has | no overlap
    if (from.name === "orders.closed") return;
    // @ts-expect-error a subscription emits nothing; it calls a command that does | emit
    await commit(async ({ emit }) => {
      emit(placed, { orderId: "a" });
    });
  },
});
subscription("orders.all", {
  ...{ ...handled, on: [placed, closed] },
  // @ts-expect-error an order that there is not | "key" | "none"
  order: "time",
  run: async () => undefined,
});
subscription("orders.stops", {
  ...{ ...handled, on: [placed] },
  // @ts-expect-error a way to fail that there is not | "dead-letter"
  onFailure: "drop",
  run: async () => undefined,
});
subscription("orders.commands", {
  ...handled,
  // @ts-expect-error an operation is not an event | key
  on: [kept],
  run: async () => undefined,
});
// @ts-expect-error a module lists events, and an operation is none | key
module("orders", { operations: [], events: [kept] });
