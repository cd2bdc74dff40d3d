import { command, fault, query, role } from "plimsoll";
import { z } from "zod";
import { system } from "../access.ts";
import { Lines, OutOfStock, ProductNotFound } from "../catalog/contract.ts";
import { TakenLine } from "../catalog/domain.ts";
import { pageInput, pageOf } from "../paging.ts";
import { Order, OrderSummary } from "./domain.ts";
import { ownsOrder } from "./operations/owns-order.ts";

export const placeOrder = command("orders.place", {
  summary: "Place an order",
  input: z.object({ lines: Lines }),
  output: z.object({ orderId: z.uuid(), totalCents: z.int() }),
  faults: [ProductNotFound, OutOfStock],
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

export const OrderPaid = fault("order_paid", {
  code: "failed_precondition",
  message: "This order is paid, and cancelling it would not return the money. Ask the shop for a refund.",
});

export const cancelOrder = command("orders.cancel", {
  summary: "Cancel one of your orders; cancelling it again changes nothing",
  input: z.object({ orderId: z.uuid() }),
  output: Order,
  faults: [OrderPaid],
  access: role("customer"),
  owns: ownsOrder,
  idempotent: "natural",
  budget: "2s",
  http: "POST /v1/orders/{orderId}/cancel",
});

/** Internal: writes an order whose stock is taken and whose price is paid. */
export const recordOrder = command("orders.record", {
  input: z.object({ orderId: z.uuid(), customerId: z.uuid(), lines: z.array(TakenLine).min(1), totalCents: z.int() }),
  output: z.object({}),
  access: system,
  idempotent: "no",
  budget: "2s",
});

/** Internal: cancels such an order, if its customer has not. The caller returns its stock and its price. */
export const withdrawOrder = command("orders.withdraw", {
  input: z.object({ orderId: z.uuid() }),
  output: z.object({ isWithdrawn: z.boolean() }),
  access: system,
  idempotent: "natural",
  budget: "2s",
});
