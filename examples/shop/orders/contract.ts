import { command, fault, query, role } from "plimsoll";
import { z } from "zod";
import { system } from "../access.ts";
import { Lines, OutOfStock, ProductNotFound, TakenLine } from "../catalog/contract.ts";
import { pageInput, pageOf } from "../paging.ts";
import { Order, OrderSummary } from "./domain.ts";
import { orderCancelled, orderPlaced } from "./events.ts";
import { ownsOrder } from "./operations/owns-order.ts";

export const placeOrder = command("orders.place", {
  summary: "Place an order",
  input: z.object({ lines: Lines }),
  output: z.object({ orderId: z.uuid(), totalCents: z.int() }),
  faults: [ProductNotFound, OutOfStock],
  emits: [orderPlaced],
  access: role("customer"),
  budget: { deadline: "2s", concurrency: 64, queue: 128, queries: 12 },
  criticality: "critical",
  idempotent: "key",
  http: { route: "POST /v1/orders", status: 201, location: ({ orderId }) => `/v1/orders/${orderId}` },
});

export const getOrder = query("orders.get", {
  summary: "Read one of your orders",
  input: z.object({ orderId: z.uuid() }),
  output: Order,
  access: role("customer"),
  owns: ownsOrder,
  budget: "1s",
  slo: { success: 0.999, within: "300ms" },
  http: "GET /v1/orders/{orderId}",
});

export const listOrders = query("orders.list", {
  summary: "List your orders, the latest first",
  input: z.object(pageInput),
  output: pageOf(OrderSummary),
  access: role("customer"),
  budget: "1s",
  http: "GET /v1/orders",
});

export const cancelOrder = command("orders.cancel", {
  summary: "Cancel one of your orders, which returns what was paid; cancelling it again changes nothing",
  input: z.object({ orderId: z.uuid() }),
  output: Order,
  emits: [orderCancelled],
  access: role("customer"),
  owns: ownsOrder,
  idempotent: "natural",
  budget: "2s",
  http: "POST /v1/orders/{orderId}/cancel",
});

export const OrderWithdrawn = fault("order_withdrawn", {
  code: "failed_precondition",
  details: z.object({ orderId: z.string() }),
  message: ({ orderId }) => `The order ${orderId} was withdrawn before it was recorded, and is not recorded any more.`,
});

/** Internal: writes an order whose stock is held and whose price is paid; again it changes nothing. */
export const recordOrder = command("orders.record", {
  input: z.object({ orderId: z.uuid(), customerId: z.uuid(), lines: z.array(TakenLine).min(1), totalCents: z.int() }),
  output: z.object({}),
  faults: [OrderWithdrawn],
  emits: [orderPlaced],
  access: system,
  idempotent: "natural",
  budget: "2s",
});

/** Internal: cancels such an order, if its customer has not, and keeps one that is not there yet from being recorded. The caller returns stock and price. */
export const withdrawOrder = command("orders.withdraw", {
  input: z.object({ orderId: z.uuid() }),
  output: z.object({ isWithdrawn: z.boolean() }),
  emits: [orderCancelled],
  access: system,
  idempotent: "natural",
  budget: "2s",
});
