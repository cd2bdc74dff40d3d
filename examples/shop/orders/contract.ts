import { command, query, role } from "plimsoll";
import { z } from "zod";
import { Lines, OutOfStock, ProductNotFound } from "../catalog/contract.ts";
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

export const cancelOrder = command("orders.cancel", {
  summary: "Cancel one of your orders; cancelling it again changes nothing",
  input: z.object({ orderId: z.uuid() }),
  output: Order,
  access: role("customer"),
  owns: ownsOrder,
  idempotent: "natural",
  budget: "2s",
  http: "POST /v1/orders/{orderId}/cancel",
});
