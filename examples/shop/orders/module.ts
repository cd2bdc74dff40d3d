import { module } from "plimsoll";
import { orderCancelled, orderPlaced } from "./events.ts";
import { placed } from "./metrics.ts";
import { cancelOrder } from "./operations/cancel-order.ts";
import { getOrder } from "./operations/get-order.ts";
import { listOrders } from "./operations/list-orders.ts";
import { placeOrder } from "./operations/place-order.ts";
import { recordOrder, withdrawOrder } from "./operations/record-order.ts";

export const orders = module("orders", {
  schema: "orders",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [placeOrder, getOrder, listOrders, cancelOrder, recordOrder, withdrawOrder],
  events: [orderPlaced, orderCancelled],
  metrics: [placed],
});
